import type { AgentEvent } from "../events.ts";
import { checkOptions, type KnownOptions, oneOf } from "../option-checks.ts";
import type { Language } from "./highlight.ts";
import { type Detail, Speaker } from "./speaker.ts";
import { createView } from "./view.ts";

/** What {@link consoleReporter} may be told. */
export interface ConsoleReporterOptions {
  /**
   * How much is shown: nothing; what fails; task, plans, thoughts, code, output, errors and costs; also each tool call, reasoning and progress.
   * @default "info"
   */
  readonly verbosity?: Verbosity | undefined;
  /** Takes one or more whole lines, each with its line end. @default console.log, one call for all lines of an event */
  readonly write?: ((text: string) => void) | undefined;
  /**
   * Width of the rows, asked for again with each event if it is a function. Less than 20 counts as 20; 0 and undefined, which terminals of unknown size
   * say, as 80; `Infinity` wraps nothing.
   * @default 80
   */
  readonly columns?: number | (() => number | undefined) | undefined;
  /** Whether terminal colours are written. @default false */
  readonly colors?: boolean | undefined;
  /** What the agents write their code in, for its colours. @default "python" */
  readonly language?: Language | undefined;
}

/** How much of a run is shown. */
export type Verbosity = "off" | Detail;

/** Shows one event. Never throws for what an event holds. */
export type ConsoleReporter = (event: AgentEvent) => void;

const verbosities: readonly Verbosity[] = ["off", "error", "info", "debug"];
const defaultColumns = 80;
const minimumColumns = 20;

/**
 * Shows the events of runs as they come: the task, each step's thought and code, output line by line, errors, costs, the answer. Managed agents are
 * indented, each row behind the name of the agent that speaks, so that several may work at once. Foreign text can't control the terminal: escape
 * sequences and hidden characters are made visible.
 * @example
 * const run = agent.start("What is the 100th prime?");
 * const report = consoleReporter({ verbosity: "info" });
 * for await (const event of run) report(event);
 */
export function consoleReporter(options: ConsoleReporterOptions = {}): ConsoleReporter {
  const { verbosity, write, columns, colors, language } = resolveOptions(options);
  if (verbosity === "off") return () => {};
  const runs = new Map<string, Map<string, Speaker>>();
  return (event) => {
    const { type, runId, agentPath, callPath } = event;
    const view = createView({ width: Math.max(columns() || defaultColumns, minimumColumns), colour: colors, language });
    const speakers = entry(runs, runId, () => new Map<string, Speaker>());
    const key = JSON.stringify([agentPath, callPath]);
    const speaker = entry(speakers, key, () => new Speaker(agentPath, freeNumber(speakers.values(), agentPath), verbosity));
    const isOver = type === "run-end" && agentPath.length <= 1;
    // Managed agents that were cut off say first what they had begun to.
    const unfinished = isOver ? [...speakers.values()].filter((other) => other !== speaker).map((other) => other.finish(view)) : [];
    if (isOver) runs.delete(runId);
    if (type === "agent-end") speakers.delete(key);
    const text = unfinished.join("") + speaker.hear(event, view);
    if (text !== "") write(text);
  };
}

function freeNumber(speakers: Iterable<Speaker>, agentPath: readonly string[]): number {
  const name = JSON.stringify(agentPath);
  const taken = new Set([...speakers].filter((speaker) => JSON.stringify(speaker.agentPath) === name).map(({ number }) => number));
  let number = 1;
  while (taken.has(number)) number++;
  return number;
}

function entry<Value>(map: Map<string, Value>, key: string, create: () => Value): Value {
  const found = map.get(key) ?? create();
  map.set(key, found);
  return found;
}

interface ResolvedOptions {
  readonly verbosity: Verbosity;
  readonly write: (text: string) => void;
  readonly columns: () => number | undefined;
  readonly colors: boolean;
  readonly language: Language;
}

// biome-ignore format: a table
const optionNames: KnownOptions<ConsoleReporterOptions> = {
  verbosity: true, write: true, columns: true, colors: "true or false", language: true,
};

function resolveOptions(options: ConsoleReporterOptions): ResolvedOptions {
  checkOptions("consoleReporter", options, optionNames);
  const { verbosity = "info", write = logLines, columns, colors = false, language = "python" } = options;
  if (!verbosities.includes(verbosity)) throw unexpected("verbosity", `one of ${verbosities.join(", ")}`, verbosity);
  if (typeof write !== "function") throw unexpected("write", "a function", write);
  if (columns !== undefined && typeof columns !== "function" && !(typeof columns === "number" && columns >= 0))
    throw unexpected("columns", "a number >= 0 or a function", columns);
  oneOf(["python", "javascript"], "language", language);
  return { verbosity, write, columns: typeof columns === "function" ? columns : () => columns, colors, language };
}

function unexpected(name: string, expected: string, value: unknown): TypeError {
  return new TypeError(`Expected \`${name}\` to be ${expected}, got \`${String(value)}\` (${typeof value})`);
}

/** console.log ends the last line by itself. */
function logLines(text: string): void {
  console.log(text.replace(/\n$/, ""));
}
