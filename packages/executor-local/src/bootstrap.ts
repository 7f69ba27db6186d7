import type { Interpreter } from "./interpreter.ts";

/** What the worker says on fd 3 when the interpreter runs and its limits are set, before the bridge's first frame. */
export const readyLine = "codelet worker ready\n";

/** The runner's own command line: which descriptor carries the frames, and on which the end of the host shows where the kernel can't signal it. */
const runnerArguments = { linux: ["--frames", "3"], other: ["--frames", "3", "--lifeline", "4"] };

/**
 * The first code of a worker. Before all else it closes what the host inherited from its own parent and Node passes on (a lock's file, a folder): none of the
 * sandbox's walls holds for a descriptor that is open already. It runs without `site` (its `.pth` files cost up to 40 ms and may run anything), so it takes over the paths that the interpreter
 * found when it was asked, sets the limits that are the process's own, and becomes the runner, which arrives on fd 3 as marshalled code of this interpreter.
 *
 * Without a sandbox the kernel kills its process group (F_SETSIG, 10, with SIGKILL, 9) when the host's end of fd 4, on which nothing is ever sent, is gone.
 */
const bootstrap = `
import sys
def boot():
    import marshal, os, site
    address_space, tasks, files, lifeline, size, prefix, exec_prefix, *path = sys.argv[1:]
    first = 4 if lifeline == "none" else 5
    try:
        for fd in os.listdir("/dev/fd"):
            if int(fd) >= first:
                os.closerange(int(fd), int(fd) + 1)
    except OSError:
        os.closerange(first, os.sysconf("SC_OPEN_MAX"))
    sys.argv[1:] = ${JSON.stringify(runnerArguments)}["linux" if sys.platform == "linux" else "other"]
    sys.path[:], sys.prefix, sys.exec_prefix = path, prefix, exec_prefix
    site.setquit(); site.setcopyright(); site.sethelper()
    import resource
    limits = (resource.RLIMIT_CORE, 0), (resource.RLIMIT_AS, int(address_space)), (getattr(resource, "RLIMIT_NPROC", None), int(tasks)), (resource.RLIMIT_NOFILE, int(files))
    for limit, value in limits:
        if limit is not None and value >= 0:
            try:
                resource.setrlimit(limit, (value, value))
            except (OSError, ValueError):
                pass
    if lifeline == "group" and sys.platform == "linux":
        import fcntl
        fd = fcntl.fcntl(4, fcntl.F_DUPFD_CLOEXEC, 100)
        os.close(4)
        fcntl.fcntl(fd, 10, 9)
        fcntl.fcntl(fd, fcntl.F_SETOWN, -os.getpgrp())
        fcntl.fcntl(fd, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
        try:
            os.read(fd, 1)
            os._exit(0)
        except BlockingIOError:
            pass
    os.write(3, ${JSON.stringify(readyLine)}.encode())
    chunks, left = [], int(size)
    while left:
        chunk = os.read(3, left)
        if not chunk:
            os._exit(0)
        chunks.append(chunk)
        left -= len(chunk)
    return marshal.loads(b"".join(chunks))
exec(boot(), {"__name__": "__main__"})
`;

export interface BootOptions {
  /** Bytes; -1 for none. */
  readonly addressSpaceBytes: number;
  /** Processes and threads of the worker's user; -1 for none. */
  readonly maxTasks: number;
  /** Open files of one process; -1 for the host's own limit. */
  readonly maxOpenFiles: number;
  /** What ends the worker with its host: `"group"` is fd 4, `"none"` leaves it to the sandbox. */
  readonly lifeline: "group" | "none";
}

/** The interpreter's command line. Never `-I` or `-E`: they would ignore the hash seed. */
export function workerArguments(interpreter: Interpreter, { addressSpaceBytes, maxTasks, maxOpenFiles, lifeline }: BootOptions): string[] {
  const [major, minor] = interpreter.version;
  const safePath = major > 3 || minor >= 11 ? ["-P"] : [];
  const values = [addressSpaceBytes, maxTasks, maxOpenFiles, lifeline, interpreter.runner.byteLength].map(String);
  return [
    interpreter.executable,
    "-S",
    "-s",
    "-B",
    ...safePath,
    "-X",
    "utf8",
    "-c",
    bootstrap,
    ...values,
    interpreter.prefix,
    interpreter.execPrefix,
    ...interpreter.path,
  ];
}
