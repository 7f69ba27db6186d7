/** One option of the command line; `--help` and the parser are made from these. */
export interface OptionDescription {
  readonly type: "string" | "boolean";
  readonly short?: string;
  /** What stands for the value in `--help`. */
  readonly value?: string;
  readonly help: string;
}

export const defaultModel = "openai/gpt-5-mini";

export const executorNames: readonly string[] = ["wasm", "local", "docker", "e2b", "modal", "blaxel"];

export type OptionName =
  | "model"
  | "base-url"
  | "executor"
  | "executor-options"
  | "config"
  | "imports"
  | "max-steps"
  | "describe"
  | "json"
  | "help"
  | "version";

export const options: Readonly<Record<OptionName, OptionDescription>> = {
  model: { type: "string", short: "m", value: "openai/<id>", help: `The model. Default: ${defaultModel}` },
  "base-url": {
    type: "string",
    value: "<url>",
    help: "An OpenAI-compatible server, such as http://localhost:8000/v1. It gets OPENAI_API_KEY, if that is set.",
  },
  executor: {
    type: "string",
    value: "<type>",
    help: "Where the code runs: wasm (default), local, docker, e2b, modal, blaxel, or the full name of a package.",
  },
  "executor-options": { type: "string", value: "<json>", help: `Its options, such as '{"memoryLimitBytes": 1073741824}'.` },
  config: {
    type: "string",
    value: "<file>",
    help: "A JSON file with model, executorType, executorOptions, authorizedImports, maxSteps. Options of the command line win.",
  },
  imports: { type: "string", value: "<a,b.*>", help: "The only modules that code may import, besides harmless ones. Default: all that there are." },
  "max-steps": { type: "string", value: "<n>", help: "Steps after which the model must answer. Default: 20" },
  describe: { type: "boolean", help: "Shows the agent instead of running it: model, sandbox, limits, tools. Needs no task and no key." },
  json: { type: "boolean", help: 'One JSON object per line: each event, then one of type "result". With --describe, the agent.' },
  help: { type: "boolean", short: "h", help: "Shows this." },
  version: { type: "boolean", short: "v", help: "Shows the version." },
};
