import { option, type ResolvedOptions, readOptions } from "@codelet/bridge";

/** Options of `e2bExecutor`. The SDK's own variables (`E2B_API_URL`, `E2B_DOMAIN`, …) hold too. */
export interface E2bExecutorOptions {
  /** The key of E2B's API; it never enters a sandbox. @default the variable E2B_API_KEY, read at open */
  readonly apiKey?: string | undefined;
  /** Name or id of the template that sandboxes are made of: one with Python 3.9 or newer. @default "code-interpreter-v1" */
  readonly template?: string | undefined;
  /** Labels that E2B shows and lists by, besides `createdBy: "codelet"`. @default {} */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /** Environment variables of the code. Nothing is inherited from the host. @default {} */
  readonly envs?: Readonly<Record<string, string>> | undefined;
  /** Whether code reaches the internet. Nobody reaches the sandbox's ports in either case. @default false */
  readonly allowInternetAccess?: boolean | undefined;
  /** Packages that pip installs at open, with the internet, before it is taken away: `"pandas"`, `"numpy>=2,<3"`. @default [] */
  readonly packages?: readonly string[] | undefined;
  /** Milliseconds that a sandbox lives when nothing is heard of its host. Minimum 10_000. @default 300_000 */
  readonly timeoutMs?: number | undefined;
  /** Milliseconds that E2B may take to answer, also to create a sandbox. Minimum 1. @default 60_000 */
  readonly requestTimeoutMs?: number | undefined;
  /** `"pause"`: a detached session's sandbox sleeps, in mid-step too, and costs nothing; `"run"`: its code goes on, for `timeoutMs`. @default "pause" */
  readonly whenDetached?: "pause" | "run" | undefined;
  /** Milliseconds between an interrupt and the kill of code that does not end; half of them later it is interrupted once more. Minimum 0. @default 300 */
  readonly graceMs?: number | undefined;
}

export type ResolvedE2bOptions = ResolvedOptions<E2bExecutorOptions, "apiKey">;

export function resolveOptions(options: E2bExecutorOptions): ResolvedE2bOptions {
  const resolved = readOptions<ResolvedE2bOptions>(options, {
    apiKey: option.accessKey,
    template: option.text("code-interpreter-v1", "the name of a template"),
    metadata: option.texts,
    envs: option.environment,
    allowInternetAccess: option.flag(false),
    packages: option.packageNames,
    timeoutMs: option.integer(300_000, { minimum: 10_000 }),
    requestTimeoutMs: option.integer(60_000, { minimum: 1 }),
    whenDetached: option.oneOf("pause", "run"),
    graceMs: option.integer(300, { minimum: 0 }),
  });
  return { ...resolved, metadata: { createdBy: "codelet", ...resolved.metadata } };
}
