import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { throwIfAborted } from "@codelet/bridge";
import { ConfigurationError, MissingPackageError } from "@codelet/core";
import type { Command } from "./bubblewrap.ts";
import { findCommand } from "./find-command.ts";
import type { Interpreter } from "./interpreter.ts";
import { linksToMake, linuxFiles, macosFiles } from "./sandbox-runtime-files.ts";
import { architectureUnsupported, bubblewrapMissing, rootUnsupported } from "./start-diagnosis.ts";
import { systemCallFilter } from "./system-call-filter.ts";
import { isRoot } from "./unprivileged-user.ts";

const packageName = "@anthropic-ai/sandbox-runtime";
/** The release whose profiles we have read and tested: each one may change them. */
const packageVersion = "0.0.83";
const release = `${packageName}@${packageVersion}`;

type Linux = typeof import("@anthropic-ai/sandbox-runtime/dist/sandbox/linux-sandbox-utils.js");
type Macos = typeof import("@anthropic-ai/sandbox-runtime/dist/sandbox/macos-sandbox-utils.js");

export interface SandboxRuntimeOptions {
  readonly interpreter: Interpreter;
  /** The session's folder, an absolute path without links: all that can be written to and lasts. Under Linux its content is the sandbox's own memory. */
  readonly folder: string;
  readonly diskLimitBytes: number;
  readonly env: Readonly<Record<string, string>>;
  readonly argv: readonly string[];
  readonly signal: AbortSignal | undefined;
}

const shell = "/bin/sh";
const systemPath = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin";

/**
 * The command that runs `argv` in the package's sandbox. It is made by the package's two functions that write one command's profile, and not by its manager: that
 * has one configuration for a whole process, opens `/tmp/claude` to every command, and searches the working directory at each start (ten seconds in `/`).
 *
 * Rejects with `missing-package`, or with `configuration` for root, for another release of the package, and where the sandbox would lack a part.
 */
export async function sandboxRuntimeCommand(options: SandboxRuntimeOptions): Promise<Command> {
  const { folder, env, argv, signal } = options;
  const packageFolder = installedFolder();
  const { wrapCommandWithSandboxLinux, wrapCommandWithSandboxMacOS, cleanupBwrapMountPoints } = await loadRuntime();
  if (isRoot()) throw rootUnsupported();
  // The package sets a TMPDIR of its own on macOS, and outside the sandbox no program of the interpreter's folder may pass for the system's.
  const command = `exec ${quote(["/usr/bin/env", `TMPDIR=${folder}`, `PATH=${env.PATH}`, ...argv])}`;
  const shared = { commandId: "codelet", needsNetworkRestriction: true, binShell: shell } as const;
  const spawned = { env: { ...env, PATH: systemPath }, cwd: folder } as const;
  if (process.platform === "darwin") {
    const wrapped = wrapCommandWithSandboxMacOS({ ...shared, command, ...macosFiles(options.interpreter, folder) });
    return { ...spawned, file: shell, args: ["-c", `exec ${wrapped}`], fourth: "lifeline" };
  }
  const { bwrap, filter, helper } = linuxParts(packageFolder);
  const wrapped = await wrapCommandWithSandboxLinux({
    ...shared,
    command: [...linksCommands(options.interpreter), command].join("\n"),
    ...linuxFiles(options.interpreter, folder, helper),
    bwrapPath: bwrap,
    seccompConfig: { applyPath: helper },
    ripgrepConfig: findsNothing,
    ...(signal === undefined ? {} : { abortSignal: signal }),
  }).catch((cause: Error) => {
    throwIfAborted(signal);
    throw new ConfigurationError(`${release} could not make a sandbox: ${cause.message}`, { cause });
  });
  // Ours needs no mount points on the host; while it counted as running, those of other commands of this process would stay.
  cleanupBwrapMountPoints();
  return { ...spawned, file: bwrap, args: [...outerArguments(options), shell, "-c", `exec ${wrapped}`], fourth: filter };
}

/** Where the package is. Throws `missing-package` when it is not installed, and `configuration` when another release is. */
function installedFolder(): string {
  const require = createRequire(import.meta.url);
  let manifest: string;
  try {
    manifest = require.resolve(`${packageName}/package.json`);
  } catch (cause) {
    throw new MissingPackageError(release, 'The local executor with `sandbox: "sandbox-runtime"`', { cause });
  }
  const { version } = require(manifest) as { readonly version: string };
  if (version === packageVersion) return dirname(manifest);
  throw new ConfigurationError(
    `${packageName} is installed as ${version}, whose sandbox has not been tested with this release of @codelet/executor-local. Run: npm install ${release}`,
    { details: { version, expected: packageVersion } },
  );
}

async function loadRuntime(): Promise<Linux & Macos> {
  const linux = await import("@anthropic-ai/sandbox-runtime/dist/sandbox/linux-sandbox-utils.js").catch(rethrow);
  const macos = await import("@anthropic-ai/sandbox-runtime/dist/sandbox/macos-sandbox-utils.js").catch(rethrow);
  return { ...linux, ...macos };
}

/** With a handler bundlers take a package that isn't there for an optional one. */
function rethrow(error: unknown): never {
  throw error;
}

/** For the files below the working directory that the package would protect: nothing there can be written to. */
const findsNothing = { command: shell, args: ["-c", ":"] };

/** Makes the links that the package can't show; `sh`, `mkdir` and `ln` are the system's. */
function linksCommands(interpreter: Interpreter): string[] {
  const links = linksToMake(interpreter);
  return links.map(([path, target]) => `${quote(["mkdir", "-p", dirname(path)])} && ${quote(["ln", "-s", target, path])} || exit 1`);
}

/**
 * What the package leaves the host's, around its own bubblewrap: System V memory and queues, the host's name, the system calls that `"required"` filters,
 * and a folder that grows with the disk.
 */
function outerArguments({ folder, diskLimitBytes }: SandboxRuntimeOptions): string[] {
  return [
    ...["--unshare-user", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try", "--hostname", "sandbox", "--die-with-parent"],
    ...["--seccomp", "4", "--dev-bind", "/", "/", "--size", String(diskLimitBytes), "--tmpfs", folder, "--chdir", folder, "--"],
  ];
}

interface LinuxParts {
  readonly bwrap: string;
  readonly filter: Uint8Array;
  /** The package's program that puts its own filter on. Without it the package goes on, and leaves Unix sockets and new namespaces open. */
  readonly helper: string;
}

function linuxParts(packageFolder: string): LinuxParts {
  const bwrap = findCommand("bwrap");
  if (bwrap === undefined) throw bubblewrapMissing();
  const filter = systemCallFilter();
  if (filter === undefined) throw architectureUnsupported(process.arch);
  const helper = join(packageFolder, "vendor", "seccomp", process.arch, "apply-seccomp");
  if (existsSync(helper)) return { bwrap, filter, helper };
  throw new ConfigurationError(
    `${release} was installed without its program \`apply-seccomp\`. Install it as it is published, not in a bundle, or use \`sandbox: "required"\`.`,
    { details: { helper } },
  );
}

/** Words of a shell, each in single quotes. */
function quote(words: readonly string[]): string {
  return words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
}
