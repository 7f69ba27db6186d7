import { parseArgs } from "node:util";
import { nearestName } from "./nearest-name.ts";
import { defaultModel, type ExecutorName, executorNames, type OptionName, options } from "./option-table.ts";

/** What a command line asks for. */
export type Command =
  | { readonly name: "help" | "version" }
  | RunCommand
  /** Can't be done; `problem` says why and what to write instead. */
  | { readonly name: "usage-error"; readonly problem: string };

export interface RunCommand {
  readonly name: "run";
  readonly task: string;
  /** The id at the provider, without its prefix. */
  readonly modelId: string;
  readonly baseURL: string | undefined;
  readonly executor: ExecutorName;
  /** Undefined allows every module. */
  readonly imports: readonly string[] | undefined;
  /** Undefined is the kernel's default. */
  readonly maxSteps: number | undefined;
  readonly json: boolean;
}

type Values = Partial<Record<OptionName, string | true>>;

/** Reads the arguments after the program's name. Never throws for what a user may write. */
export function parseCommandLine(argv: readonly string[]): Command {
  try {
    const { values, positionals } = readTokens(argv);
    if (values.help) return { name: "help" };
    if (values.version) return { name: "version" };
    const [command, ...words] = positionals;
    if (command !== "run") throw new UsageProblem(command === undefined ? "There is no command." : `There is no command "${command}".`);
    return runCommand(words.join(" ").trim(), values);
  } catch (error) {
    if (error instanceof UsageProblem) return { name: "usage-error", problem: error.message };
    throw error;
  }
}

class UsageProblem extends Error {}

function readTokens(argv: readonly string[]): { readonly values: Values; readonly positionals: readonly string[] } {
  const { tokens, positionals } = parseArgs({ args: [...argv], options, strict: false, allowPositionals: true, tokens: true });
  const values: Values = {};
  for (const token of tokens) {
    if (token.kind !== "option") continue;
    const { name, rawName, value, inlineValue } = token;
    if (!isOption(name)) throw new UsageProblem(`There is no option ${rawName}.${suggestion(name)}`);
    const takesValue = options[name].type === "string";
    if (!takesValue && value !== undefined) throw new UsageProblem(`The option --${name} takes no value.`);
    if (takesValue && (value === undefined || value === "" || (!inlineValue && value.startsWith("-"))))
      throw new UsageProblem(`The option --${name} needs a value: ${options[name].value}`);
    values[name] = takesValue ? joined(name, values[name], value as string) : true;
  }
  return { values, positionals };
}

function isOption(name: string): name is OptionName {
  return Object.hasOwn(options, name);
}

function suggestion(name: string): string {
  const nearest = nearestName(name, Object.keys(options));
  return nearest === undefined ? "" : ` Did you mean --${nearest}?`;
}

/** Lists add up; of anything else the last one counts. */
function joined(name: OptionName, earlier: string | true | undefined, value: string): string {
  return name === "imports" && typeof earlier === "string" ? `${earlier},${value}` : value;
}

function runCommand(task: string, values: Values): RunCommand {
  if (task === "") throw new UsageProblem('There is no task. Write it in quotes: codelet run "…"');
  return {
    name: "run",
    task,
    modelId: modelId(text(values.model) ?? defaultModel),
    baseURL: baseURL(text(values["base-url"])),
    executor: executor(text(values.executor)),
    imports: imports(text(values.imports)),
    maxSteps: maxSteps(text(values["max-steps"])),
    json: values.json === true,
  };
}

function text(value: string | true | undefined): string | undefined {
  return value === true ? undefined : value;
}

function modelId(name: string): string {
  const [, id] = /^openai\/(\S+)$/.exec(name) ?? [];
  if (id !== undefined) return id;
  const hint = name.includes("/") ? "For a model of a compatible server write openai/<id> and --base-url." : `Did you mean openai/${name}?`;
  throw new UsageProblem(`--model must be openai/<id>, not "${name}". ${hint}`);
}

function baseURL(url: string | undefined): string | undefined {
  if (url === undefined || (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol))) return url;
  throw new UsageProblem("--base-url must be an http or https URL, such as http://localhost:8000/v1");
}

function executor(name = "wasm"): ExecutorName {
  const known = executorNames.find((executorName) => executorName === name);
  if (known === undefined) throw new UsageProblem(`--executor must be ${executorNames.join(" or ")}, not "${name}".`);
  return known;
}

function imports(list: string | undefined): readonly string[] | undefined {
  const names = list
    ?.split(",")
    .map((name) => name.trim())
    .filter(Boolean);
  const wrong = names?.find((name) => !/^(\*|[A-Za-z_]\w*(\.[A-Za-z_]\w*)*(\.\*)?)$/.test(name));
  if (wrong !== undefined) throw new UsageProblem(`--imports must be names of modules, such as numpy,pandas.*, not "${wrong}".`);
  return names;
}

function maxSteps(steps: string | undefined): number | undefined {
  if (steps === undefined || /^[1-9]\d{0,5}$/.test(steps)) return steps === undefined ? undefined : Number(steps);
  throw new UsageProblem(`--max-steps must be a whole number from 1 on, not "${steps}".`);
}
