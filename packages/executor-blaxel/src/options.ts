import { checkOptionNames, checkPackageNames } from "@codelet/bridge";

/** Options of `blaxelExecutor`. */
export interface BlaxelExecutorOptions {
  /** An image of Blaxel's with CPython 3.9 or newer as `python3`. @default "blaxel/py-app:latest" */
  readonly image?: string | undefined;
  /** MiB of memory; Blaxel gives processors by it. Minimum 512. @default 2_048 */
  readonly memoryMib?: number | undefined;
  /** Where the sandbox runs, such as `"us-pdx-1"`. @default BL_REGION, else Blaxel's choice */
  readonly region?: string | undefined;
  /** Packages of PyPI, installed when a session is opened. @default none */
  readonly packages?: readonly string[] | undefined;
  /** Environment variables of the code. Nothing is inherited. @default {} */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Labels by which you find its sandboxes. @default {} */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** The domains that code may reach, through Blaxel's proxy. @default every domain: Blaxel's sandboxes have a network */
  readonly allowedDomains?: readonly string[] | undefined;
  /** @default BL_API_KEY, else what `bl login` has left */
  readonly apiKey?: string | undefined;
  /** @default BL_WORKSPACE, else what `bl login` has left */
  readonly workspace?: string | undefined;
  /** Minutes without activity after which Blaxel deletes a sandbox that its host has lost. Minimum 1. @default 10 */
  readonly idleMinutes?: number | undefined;
  /** Milliseconds between an interrupt and the kill of code that does not end. Minimum 0. @default 500 */
  readonly graceMs?: number | undefined;
  /** Milliseconds until a sandbox must answer. Minimum 1_000. @default 60_000 */
  readonly startTimeoutMs?: number | undefined;
}

type Optional = "region" | "allowedDomains" | "apiKey" | "workspace";

export type ResolvedBlaxelOptions = Pick<BlaxelExecutorOptions, Optional> &
  Required<{ [Key in Exclude<keyof BlaxelExecutorOptions, Optional>]: NonNullable<BlaxelExecutorOptions[Key]> }>;

const optionNames: Readonly<Record<keyof BlaxelExecutorOptions, true>> = {
  image: true,
  memoryMib: true,
  region: true,
  packages: true,
  env: true,
  labels: true,
  allowedDomains: true,
  apiKey: true,
  workspace: true,
  idleMinutes: true,
  graceMs: true,
  startTimeoutMs: true,
};

/** Throws TypeError before anything is started. */
export function resolveOptions(options: BlaxelExecutorOptions): ResolvedBlaxelOptions {
  checkOptionNames(options, optionNames);
  const { image = "blaxel/py-app:latest", packages = [], env = {}, labels = {} } = options;
  if (typeof image !== "string" || image === "") throw new TypeError(`Expected \`image\` to be the name of an image, got \`${String(image)}\``);
  checkPackageNames(packages);
  for (const [name, value] of Object.entries(env))
    if (!/^[A-Za-z_]\w*$/.test(name) || typeof value !== "string")
      throw new TypeError(`Expected \`env\` to be an object of strings, see \`${name}\``);
  return {
    ...{ ...options, image, packages, env, labels },
    memoryMib: atLeast("memoryMib", options.memoryMib ?? 2_048, 512),
    idleMinutes: atLeast("idleMinutes", options.idleMinutes ?? 10, 1),
    graceMs: atLeast("graceMs", options.graceMs ?? 500, 0),
    startTimeoutMs: atLeast("startTimeoutMs", options.startTimeoutMs ?? 60_000, 1_000),
  };
}

function atLeast(name: string, value: unknown, minimum: number): number {
  if (typeof value === "number" && Number.isFinite(value) && value >= minimum) return value;
  throw new TypeError(`Expected \`${name}\` to be a number >= ${minimum}, got \`${String(value)}\` (${typeof value})`);
}
