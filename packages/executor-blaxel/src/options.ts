import { option, type ResolvedOptions, readOptions } from "@codelet/bridge";

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
  /** Milliseconds between an interrupt and the kill of code that does not end; half of them later it is interrupted once more. Minimum 0. @default 500 */
  readonly graceMs?: number | undefined;
  /** Milliseconds until a sandbox must answer. Minimum 1_000. @default 60_000 */
  readonly startTimeoutMs?: number | undefined;
}

export type ResolvedBlaxelOptions = ResolvedOptions<BlaxelExecutorOptions, "region" | "allowedDomains" | "apiKey" | "workspace">;

/** Throws TypeError before anything is started. */
export function resolveOptions(options: BlaxelExecutorOptions): ResolvedBlaxelOptions {
  return readOptions<ResolvedBlaxelOptions>(options, {
    image: option.text("blaxel/py-app:latest", "the name of an image"),
    memoryMib: option.integer(2_048, { minimum: 512 }),
    region: option.optional(option.text("")),
    packages: option.packageNames,
    env: option.environment,
    labels: option.texts,
    allowedDomains: option.optional(option.textList),
    apiKey: option.accessKey,
    workspace: option.optional(option.text("")),
    idleMinutes: option.number(10, { minimum: 1 }),
    graceMs: option.integer(500, { minimum: 0 }),
    startTimeoutMs: option.integer(60_000, { minimum: 1_000 }),
  });
}
