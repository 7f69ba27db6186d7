import type { SandboxPaths } from "./sandbox-paths.ts";
import { ancestors, closedAncestor, unprivilegedId } from "./unprivileged-user.ts";

/** How a worker is started, in the words of `child_process.spawn`. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly uid?: number;
  readonly gid?: number;
  /** What the process has on fd 4: bytes to read to their end, or a connection that lasts as long as the host and never says anything. */
  readonly fourth: Uint8Array | "lifeline";
  /** Bytes to read to their end on fd 5. */
  readonly fifth?: Uint8Array;
}

export interface BubblewrapOptions {
  /** Absolute paths of `bwrap`, and of `setpriv` and `unshare` where root starts it. */
  readonly bwrap: string;
  readonly setpriv: string | undefined;
  readonly unshare: string | undefined;
  readonly asRoot: boolean;
  readonly paths: SandboxPaths;
  readonly diskLimitBytes: number;
  /** The seccomp program. */
  readonly filter: Uint8Array;
  readonly env: Readonly<Record<string, string>>;
  readonly argv: readonly string[];
}

/** The session's folder inside, and its home. Only the file system it is in, `/tmp`, and shared memory can be written to. */
export const sandboxFolder = "/tmp/session";
/**
 * The namespace's first process is bubblewrap's own: its death with the host ends all others. Code has the same user and could write into its memory, and so live on.
 */
const closedFirstProcess = ["--tmpfs", "/proc/1", "--remount-ro", "/proc/1"];
const sharedMemoryBytes = 64 * 2 ** 20;
const hostName = "sandbox";
/** The sandbox's own list of names, so that code finds the servers that it starts. IPv4 only: a kernel may have no other, and servers take every address that a name has. */
const hosts = Buffer.from(`127.0.0.1\tlocalhost ${hostName}\n`);

/** The command that runs `argv` in a sandbox. The environment is `spawn`'s: on a command line other users could read it. */
export function bubblewrapCommand(options: BubblewrapOptions): Command {
  const { bwrap, env, asRoot, paths } = options;
  const args = [...sandboxArguments(options), "--", ...options.argv];
  const command: Command = { file: bwrap, args, env, cwd: "/", fourth: options.filter, fifth: hosts };
  if (!asRoot) return command;
  const closed = paths.binds.filter((path) => closedAncestor(path) !== undefined);
  if (closed.length === 0) return { ...command, uid: unprivilegedId, gid: unprivilegedId };
  return { ...command, args: [...openingArguments(closed), "--", ...becomeUnprivileged(options), bwrap, ...args] };
}

function sandboxArguments({ paths, diskLimitBytes }: BubblewrapOptions): string[] {
  return [
    ...["--unshare-user", "--disable-userns", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"],
    ...[
      "--uid",
      String(unprivilegedId),
      "--gid",
      String(unprivilegedId),
      "--cap-drop",
      "ALL",
      "--die-with-parent",
      "--hostname",
      hostName,
      "--seccomp",
      "4",
    ],
    ...[
      "--proc",
      "/proc",
      ...closedFirstProcess,
      "--dev",
      "/dev",
      "--size",
      String(sharedMemoryBytes),
      "--tmpfs",
      "/dev/shm",
      "--remount-ro",
      "/dev",
    ],
    ...["--size", String(diskLimitBytes), "--tmpfs", "/tmp", "--dir", sandboxFolder],
    ...paths.binds.flatMap((path) => ["--ro-bind", path, path]),
    ...paths.symlinks.flatMap(([path, target]) => ["--symlink", target, path]),
    ...["--ro-bind-data", "5", "/etc/hosts"],
    ...["--remount-ro", "/", "--chdir", sandboxFolder],
  ];
}

/**
 * A view of the host for root's own step before the sandbox: folders that the unprivileged user can't enter (root's home, with its pyenv) are replaced by empty
 * ones that hold nothing but the interpreter's files. It has a pid namespace, because the signal of a parent's death does not reach another user's process:
 * the end of a namespace does.
 */
function openingArguments(paths: readonly string[]): string[] {
  const closed = new Set(paths.map((path) => closedAncestor(path) ?? path));
  const between = new Set(paths.flatMap(ancestors)); // what is there already stays as it is
  return [
    ...["--die-with-parent", "--unshare-pid", "--dev-bind", "/", "/"],
    ...[...closed].flatMap((folder) => ["--tmpfs", folder]),
    ...[...between].flatMap((folder) => ["--dir", folder]),
    ...paths.flatMap((path) => ["--ro-bind", path, path]),
  ];
}

/** With a view of the processes of its own namespace: the sandbox's bubblewrap looks for its child there, by a number that the host's view may not have. */
function becomeUnprivileged({ unshare = "unshare", setpriv = "setpriv" }: BubblewrapOptions): string[] {
  return [unshare, "--mount-proc", "--", setpriv, `--reuid=${unprivilegedId}`, `--regid=${unprivilegedId}`, "--clear-groups", "--"];
}
