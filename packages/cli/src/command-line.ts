import { parseArgs } from "node:util";
import { type ReadConfig, readConfigFile } from "./config-file.ts";
import { nearestName } from "./nearest-name.ts";
import { defaultModel, executorNames, type OptionName, options } from "./option-table.ts";
import { UsageProblem } from "./usage-problem.ts";

/** What a command line asks for. */
export type Command =
  | { readonly name: "help" | "version" }
  | RunCommand
  /** Can't be done; `problem` says why and what to write instead. It may hold foreign text. */
  | { readonly name: "usage-error"; readonly problem: string };

export interface RunCommand {
  readonly name: "run";
  readonly task: string;
  /** The id at the provider, without its prefix. */
  readonly modelId: string;
  readonly baseURL: string | undefined;
  readonly executor: string;
  readonly executorOptions: object | undefined;
  /** Undefined allows every module. */
  readonly imports: readonly string[] | undefined;
  /** Undefined is the kernel's default. */
  readonly maxSteps: number | undefined;
  readonly json: boolean;
  /** Show the agent instead; the task may be empty then. */
  readonly describe: boolean;
}

/** `@scope/name`, `name/sub`, and what is below them; no path and no address. */
const packageName = /^@?[\w~-][\w.~-]*(\/[\w~-][\w.~-]*)+$/;

type Values = Partial<Record<OptionName, string | true>>;

/** Reads the arguments after the program's name, and the file that --config names. Never throws for what a user may write. */
export function parseCommandLine(argv: readonly string[], readConfig: ReadConfig = readConfigFile): Command {
  try {
    const { values, positionals } = readTokens(argv);
    if (values.help) return { name: "help" };
    if (values.version) return { name: "version" };
    const [command, ...words] = positionals;
    if (command !== "run") throw new UsageProblem(command === undefined ? "There is no command." : `There is no command "${command}".`);
    const file = text(values.config);
    return runCommand(words.join(" ").trim(), file === undefined ? values : { ...readConfig(file), ...values });
  } catch (error) {
    if (error instanceof UsageProblem) return { name: "usage-error", problem: error.message };
    throw error;
  }
}

function readTokens(argv: readonly string[]): { readonly values: Values; readonly positionals: readonly string[] } {
  const { tokens, positionals } = parseArgs({ args: [...argv], options, strict: false, tokens: true });
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
  const describe = values.describe === true;
  if (task === "" && !describe) throw new UsageProblem('There is no task. Write it in quotes: codelet run "…"');
  return {
    name: "run",
    task,
    modelId: modelId(text(values.model) ?? defaultModel),
    baseURL: baseURL(text(values["base-url"])),
    executor: executor(text(values.executor)),
    executorOptions: executorOptions(text(values["executor-options"])),
    imports: imports(text(values.imports)),
    maxSteps: maxSteps(text(values["max-steps"])),
    json: values.json === true,
    describe,
  };
}

function text(value: string | true | undefined): string | undefined {
  return value === true ? undefined : value;
}

function modelId(name: string): string {
  const [, id] = /^openai\/([^\s\p{Cc}]+)$/u.exec(name) ?? [];
  if (id !== undefined) return id;
  throw new UsageProblem(`--model must be openai/<id>, not "${name}". ${modelHint(name)}`);
}

function modelHint(name: string): string {
  if (name.startsWith("openai/")) return "An id is not empty, and holds no spaces and no control characters.";
  return name.includes("/") ? "For a model of a compatible server write openai/<id> and --base-url." : `Did you mean openai/${name}?`;
}

function baseURL(url: string | undefined): string | undefined {
  if (url === undefined || (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol))) return url;
  throw new UsageProblem("--base-url must be an http or https URL, such as http://localhost:8000/v1");
}

function executor(name = "wasm"): string {
  if (executorNames.includes(name) || packageName.test(name)) return name;
  throw new UsageProblem(
    `--executor must be one of ${executorNames.join(", ")}, or the full name of a package (@scope/name or name/sub), not "${name}".`,
  );
}

function executorOptions(json: string | undefined): object | undefined {
  if (json === undefined) return undefined;
  try {
    const options: unknown = JSON.parse(json);
    if (typeof options === "object" && options !== null && !Array.isArray(options)) return options;
  } catch {
    // as for any other text
  }
  throw new UsageProblem(`--executor-options must be a JSON object, such as '{"image": "python:3.13-slim"}', not ${json}`);
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
