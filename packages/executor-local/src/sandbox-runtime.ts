import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { AbortedError, ConfigurationError, MissingPackageError } from "@codelet/core";
import type { Command } from "./bubblewrap.ts";
import type { Interpreter } from "./interpreter.ts";
import { sandboxPaths } from "./sandbox-paths.ts";

type Runtime = typeof import("@anthropic-ai/sandbox-runtime");

/** The release whose profiles we have read and tested; below 1.0 each one may change them. */
const packageName = "@anthropic-ai/sandbox-runtime";
const packageVersion = "0.0.83";
const shell = "/bin/sh";
const systemPath = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin";

/** What macOS keeps of people, mounted volumes and other programs' temporary files. The rest of the system is readable, as `/usr` is on Linux. */
const macosClosed = ["/Users", "/Volumes", "/Network", "/private"];
const macosOpen = ["/private/etc/localtime", "/private/var/db/timezone", "/private/var/db/dyld", "/private/var/select"];

/** Folders that the package makes writable by itself. Only its rules for credentials take precedence over that. */
const sharedFolders = ["/tmp/claude", "/private/tmp/claude"];

export interface SandboxRuntimeOptions {
  readonly interpreter: Interpreter;
  /** The session's folder, an absolute path without links: all that can be written to and lasts. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly argv: readonly string[];
  readonly fourth: Command["fourth"];
  readonly signal: AbortSignal | undefined;
}

/** A command whose {@link release} has to be called when its process is gone. */
export interface SandboxRuntimeCommand extends Command {
  release(): void;
}

/**
 * The command that runs `argv` in the package's sandbox. Of the package only its writer of profiles is used, with every setting in the call: its manager, which
 * has one configuration and one proxy for a whole process, is never initialized, so sessions share nothing and no proxy runs.
 */
export async function sandboxRuntimeCommand(options: SandboxRuntimeOptions): Promise<SandboxRuntimeCommand> {
  const { folder, env, argv, fourth, signal } = options;
  const { SandboxManager } = await loadRuntime();
  assertUninitialized(SandboxManager);
  // On macOS the package sets a TMPDIR of its own, and outside the sandbox no program of the interpreter's folder may pass for the system's.
  const own = [`TMPDIR=${folder}`, `PATH=${env.PATH}`];
  const command = `exec ${quote(["/usr/bin/env", ...own, ...argv])}`;
  const helper = process.platform === "linux" ? systemCallHelper() : undefined;
  let wrapped: string;
  try {
    wrapped = await SandboxManager.wrapWithSandbox(command, shell, settings(options, helper), signal, { commandId: randomUUID() });
  } catch (cause) {
    if (signal?.aborted) throw new AbortedError(signal.reason);
    throw new ConfigurationError(`${packageName} could not make a sandbox: ${(cause as Error).message}`, { cause });
  }
  let isReleased = false;
  const release = (): void => {
    // The package counts its commands: one that is released twice would be another one's end.
    if (!isReleased) SandboxManager.cleanupAfterCommand();
    isReleased = true;
  };
  try {
    assertUninitialized(SandboxManager);
    // Without its helper the package goes on, and leaves Unix sockets and new namespaces open.
    if (helper !== undefined && !wrapped.includes(helper)) throw helperMissing(helper);
  } catch (error) {
    release();
    throw error;
  }
  return { file: shell, args: ["-c", `exec ${wrapped}`], env: { ...env, PATH: systemPath }, cwd: folder, fourth, release };
}

/** Loads the package on demand. Rejects with `missing-package` when it is not installed; when it is and fails to load, with its own error. */
async function loadRuntime(): Promise<Runtime> {
  try {
    return await import("@anthropic-ai/sandbox-runtime");
  } catch (cause) {
    if (resolvePackage() !== undefined) throw cause;
    throw new MissingPackageError(`${packageName}@${packageVersion}`, 'The local executor with `sandbox: "sandbox-runtime"`', { cause });
  }
}

function assertUninitialized(manager: Runtime["SandboxManager"]): void {
  if (manager.getConfig() === undefined) return;
  throw new ConfigurationError(
    `${packageName} is initialized in this process by other code, and some of its settings (network, sockets) would hold for this session too, also after a reset. ` +
      'Run the agent in a process of its own, or use another sandbox (Linux: `sandbox: "required"`).',
  );
}

function settings(
  { interpreter, folder }: SandboxRuntimeOptions,
  helper: string | undefined,
): Parameters<Runtime["SandboxManager"]["wrapWithSandbox"]>[2] {
  const { binds, symlinks } = sandboxPaths(interpreter);
  const links = symlinks.map(([path]) => path);
  const isLinux = process.platform === "linux";
  const closed = isLinux ? ["/"] : [...macosClosed, homedir()];
  const open = [...binds, ...links, ...(isLinux ? [] : macosOpen), ...(helper === undefined ? [] : [dirname(helper)]), folder];
  return {
    network: { allowedDomains: [], deniedDomains: [] },
    filesystem: { denyRead: closed.map(literal), allowRead: open.map(literal), allowWrite: [literal(folder)], denyWrite: sharedFolders.map(literal) },
    credentials: { files: sharedFolders.map((path) => ({ path, mode: "deny" })) },
    allowPty: false,
    allowNestedUserNamespaces: false,
  };
}

/** A path whose characters are never a pattern. */
function literal(path: string): { readonly path: string; readonly literal: true } {
  return { path, literal: true };
}

/** The program that puts the filter of system calls on, which the sandbox has to show; undefined for machines that it isn't made for. */
function systemCallHelper(): string | undefined {
  const entry = resolvePackage();
  if (entry === undefined) return undefined;
  const helper = join(dirname(dirname(entry)), "vendor", "seccomp", process.arch, "apply-seccomp");
  if (!existsSync(helper)) throw helperMissing(helper);
  return helper;
}

function helperMissing(helper: string): ConfigurationError {
  return new ConfigurationError(
    `${packageName} has no filter of system calls for this machine, or was installed without it. Install ${packageVersion} unbundled (x64, arm64), or use \`sandbox: "required"\`.`,
    { details: { helper } },
  );
}

function resolvePackage(): string | undefined {
  try {
    return createRequire(import.meta.url).resolve(packageName);
  } catch {
    return undefined;
  }
}

/** Words of a shell, each in single quotes. */
function quote(words: readonly string[]): string {
  return words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
}
