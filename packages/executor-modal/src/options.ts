import { option, type ResolvedOptions, readOptions } from "@codelet/bridge";

/** Options of `modalExecutor`. */
export interface ModalExecutorOptions {
  /** The app of Modal's that the sandboxes belong to; made when it isn't there. @default "codelet" */
  readonly app?: string | undefined;
  /** An image of a registry with CPython 3.9 or newer as `python3`. @default "python:3.13-slim-bookworm" */
  readonly image?: string | undefined;
  /** Further layers of the image, as lines of a Dockerfile; Modal builds them once. @default none */
  readonly dockerfileCommands?: readonly string[] | undefined;
  /** Packages of PyPI, as a layer of the image: built with a network, run without. @default none */
  readonly packages?: readonly string[] | undefined;
  /** Whether code has no network at all. @default true */
  readonly blockNetwork?: boolean | undefined;
  /** The domains that code may reach, such as `"*.example.com"`; needs `blockNetwork: false`. @default every domain */
  readonly allowedDomains?: readonly string[] | undefined;
  /** MiB of memory, reserved and as a limit. Minimum 128. @default 1_024 */
  readonly memoryMib?: number | undefined;
  /** Processor cores, reserved and as a limit. Minimum 0.125. @default 1 */
  readonly cpu?: number | undefined;
  /** Environment variables of the code. Nothing is inherited, and no secret of Modal's is given. @default {} */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** @default MODAL_TOKEN_ID, else the profile in ~/.modal.toml */
  readonly tokenId?: string | undefined;
  /** @default MODAL_TOKEN_SECRET, else the profile in ~/.modal.toml */
  readonly tokenSecret?: string | undefined;
  /** Modal's environment. @default MODAL_ENVIRONMENT, else the profile's */
  readonly environment?: string | undefined;
  /** Milliseconds that a sandbox lives at most, used or not, in whole seconds. Minimum 1_000, maximum 86_400_000. @default 3_600_000 */
  readonly maxLifetimeMs?: number | undefined;
  /** Milliseconds without a host after which the code ends, and with idle time the sandbox. Minimum 1_000. @default 60_000 */
  readonly orphanTimeoutMs?: number | undefined;
  /** Milliseconds between an interrupt and the kill of code that does not end; half of them later it is interrupted once more. Minimum 0. @default 500 */
  readonly graceMs?: number | undefined;
}

export type ResolvedModalOptions = ResolvedOptions<ModalExecutorOptions, "allowedDomains" | "tokenId" | "tokenSecret" | "environment">;

/** Throws TypeError before anything is started. */
export function resolveOptions(options: ModalExecutorOptions): ResolvedModalOptions {
  const resolved = readOptions<ResolvedModalOptions>(options, {
    app: option.text("codelet"),
    image: option.text("python:3.13-slim-bookworm", "the name of an image"),
    dockerfileCommands: option.textList,
    packages: option.packageNames,
    blockNetwork: option.flag(true),
    allowedDomains: option.optional(option.textList),
    memoryMib: option.integer(1_024, { minimum: 128 }),
    cpu: option.number(1, { minimum: 0.125 }),
    env: option.environment,
    tokenId: option.accessKey,
    tokenSecret: option.accessKey,
    environment: option.optional(option.text("")),
    maxLifetimeMs: option.integer(3_600_000, { minimum: 1_000, maximum: 86_400_000 }),
    orphanTimeoutMs: option.integer(60_000, { minimum: 1_000 }),
    graceMs: option.integer(500, { minimum: 0 }),
  });
  if (resolved.blockNetwork && resolved.allowedDomains !== undefined)
    throw new TypeError("Expected `blockNetwork: false` together with `allowedDomains`");
  return { ...resolved, maxLifetimeMs: Math.ceil(resolved.maxLifetimeMs / 1_000) * 1_000 }; // the SDK takes whole seconds only
}
