import { createHash } from "node:crypto";
import { deflateSync } from "node:zlib";
import { pythonSupervisor } from "./python-supervisor.ts";
import { checkedMs } from "./session-options.ts";

/** What a supervisor is started with. */
export interface SupervisorBootOptions {
  /** The interpreter there, CPython 3.9 or newer. @default "python3" */
  readonly python?: string | undefined;
  /** The session's seed. @default fresh randomness */
  readonly seed?: string | undefined;
  /** Milliseconds without a host after which the supervisor ends, and its machine with it. Minimum 1. @default 60_000 */
  readonly orphanTimeoutMs?: number | undefined;
  /**
   * Serve HTTP on this port in place of stdin and stdout, for `httpStdio`. The variable CODELET_TOKEN there must hold its token; CODELET_ADDRESS may hold the
   * address to serve on in place of 0.0.0.0, which a provider's proxy reaches.
   */
  readonly port?: number | undefined;
}

/** How a supervisor is started. */
export interface SupervisorBoot {
  /** The command, for an exec without a shell. */
  readonly argv: readonly string[];
  /** What goes first on its stdin; empty with a port. */
  readonly input: string;
}

const defaultOrphanTimeoutMs = 60_000;

/** Reads the supervisor from stdin, byte by byte up to its line: what a provider writes there first is no part of it, what follows is for the supervisor. A host that dies before it has sent it leaves an orphan too. */
const bootstrap = `
import os, signal, sys
if sys.version_info < (3, 9):
    sys.exit("codelet needs Python 3.9 or newer, and this one is " + sys.version.split()[0])
if hasattr(signal, "setitimer"):
    signal.signal(signal.SIGALRM, lambda *_: os._exit(0))
    signal.setitimer(signal.ITIMER_REAL, float(sys.argv[2]))
def take(size):
    parts = []
    while size:
        part = os.read(0, size)
        if not part:
            os._exit(0)
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
line = b""
while not line.startswith(b"@codelet-boot "):
    line = take(1)
    while not line.endswith(b"\\n"):
        line += take(1)
source = take(int(line.split()[1]))
if hasattr(signal, "setitimer"):
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
exec(compile(source, "<codelet>", "exec"), {"__name__": "__main__"})
`;

/** How the supervisor is started on a machine with Python and nothing else: no file is needed, so the file system may be read-only. */
export function supervisorBoot({ python = "python3", seed, orphanTimeoutMs, port }: SupervisorBootOptions = {}): SupervisorBoot {
  const orphanSeconds = checkedMs("orphanTimeoutMs", orphanTimeoutMs ?? defaultOrphanTimeoutMs, 1) / 1_000;
  const flags = ["--orphan", String(orphanSeconds)];
  if (seed !== undefined) flags.push("--hash-seed", String(createHash("sha256").update(seed).digest().readUInt32BE()));
  if (port !== undefined) flags.push("--port", String(port));
  if (port !== undefined) return { argv: [python, "-I", "-c", inlineProgram(), ...flags], input: "" };
  return { argv: [python, "-I", "-c", bootstrap, ...flags], input: `\n@codelet-boot ${pythonSupervisor.length}\n${pythonSupervisor}` };
}

/** The supervisor as one argument, of some 30 KB: no stdin brings it, and no file has to be written first. */
function inlineProgram(): string {
  const packed = deflateSync(pythonSupervisor, { level: 9 }).toString("base64");
  return `import base64, zlib; exec(compile(zlib.decompress(base64.b64decode("${packed}")), "<codelet>", "exec"), {"__name__": "__main__"})`;
}

/** The command as text for a provider that gives it to a shell. */
export function shellCommand(argv: readonly string[]): string {
  return argv.map((argument) => `'${argument.replaceAll("'", "'\\''")}'`).join(" ");
}
