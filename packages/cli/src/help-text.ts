import { type OptionDescription, options } from "./option-table.ts";

const exits = [
  ["0", "the task is answered"],
  ["1", "the run failed"],
  ["2", "wrong usage or configuration"],
  ["3", "a limit was reached before there was an answer"],
  ["4", "the run waits for a decision about a tool call"],
  ["130", "interrupted: Ctrl-C, SIGTERM, or the output was closed or full"],
];

/** Text for `--help`, at most 80 columns wide. */
export function helpText(): string {
  const named = Object.entries<OptionDescription>(options).map(([name, option]) => [flag(name, option), option.help]);
  return `codelet: an agent that solves a task by writing and running Python.

Usage: codelet run "<task>" [options]

Options
${named.map(([name = "", help = ""]) => `  ${name}\n${indent(help)}`).join("\n")}

Environment
  OPENAI_API_KEY
      The key for OpenAI, or for the server of --base-url.
  OPENAI_BASE_URL
      The same as --base-url.
  NO_COLOR
      No colours, and no progress line that overwrites itself.

Exit codes
${exits.map(([code = "", meaning]) => `  ${code.padEnd(4)} ${meaning}`).join("\n")}

Example
  codelet run "How many primes are there below 100000?" --max-steps 5
`;
}

function flag(name: string, { short, value }: OptionDescription): string {
  return `${short === undefined ? "" : `-${short}, `}--${name}${value === undefined ? "" : ` ${value}`}`;
}

function indent(text: string): string {
  const rows = [""];
  for (const word of text.split(" ")) {
    const row = rows.at(-1) as string;
    if (row.length + word.length > 72) rows.push(word);
    else rows[rows.length - 1] = row === "" ? word : `${row} ${word}`;
  }
  return rows.map((row) => `      ${row}`).join("\n");
}
