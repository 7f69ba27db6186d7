import { readFileSync } from "node:fs";
import { nearestName } from "./nearest-name.ts";
import type { OptionName } from "./option-table.ts";
import { UsageProblem } from "./usage-problem.ts";

/** What a file sets, as the command line would say it. */
export type ReadConfig = (file: string) => Partial<Record<OptionName, string>>;

/** What a key of the file is on the command line, and how its value is written there. */
const keys: Readonly<Record<string, readonly [OptionName, (value: unknown) => string | undefined]>> = {
  model: ["model", asText],
  executorType: ["executor", asText],
  executorOptions: ["executor-options", (value) => (isObject(value) ? JSON.stringify(value) : undefined)],
  authorizedImports: ["imports", (value) => (Array.isArray(value) && value.every((item) => typeof item === "string") ? value.join(",") : undefined)],
  maxSteps: ["max-steps", (value) => (typeof value === "number" ? String(value) : undefined)],
};

/** Throws UsageProblem for a file that can't be read or says what nobody knows. */
export const readConfigFile: ReadConfig = (file) => {
  let config: unknown;
  try {
    config = JSON.parse(readFileSync(file, "utf8").replace(/^\ufeff/, ""));
  } catch (error) {
    throw new UsageProblem(`--config: ${file} ${error instanceof SyntaxError ? `is no JSON (${error.message})` : "can't be read"}.`);
  }
  if (!isObject(config)) throw new UsageProblem(`--config: ${file} must hold a JSON object.`);
  return Object.fromEntries(Object.entries(config).map(([key, value]) => optionOf(file, key, value)));
};

function optionOf(file: string, key: string, value: unknown): readonly [OptionName, string] {
  const known = Object.hasOwn(keys, key) ? keys[key] : undefined;
  if (known === undefined) {
    const nearest = nearestName(key, Object.keys(keys));
    throw new UsageProblem(
      `--config: ${file} has the key "${key}". ${nearest ? `Did you mean "${nearest}"?` : `The keys are ${Object.keys(keys).join(", ")}.`}`,
    );
  }
  const [option, write] = known;
  const text = write(value);
  if (text === undefined) throw new UsageProblem(`--config: the value of "${key}" in ${file} has the wrong type.`);
  return [option, text];
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function asText(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
