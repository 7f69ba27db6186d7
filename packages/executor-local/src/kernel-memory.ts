import { readFileSync, statfsSync } from "node:fs";
import { memoryFolders } from "./memory-files.ts";

/** An inode with its entry in a folder, as the kernel keeps both for a file in memory, however little is in it. */
const fileNodeBytes = 1024;
/** So few can't hold much, and the kernel takes milliseconds to list connections. */
const fewSockets = 16;
/** Of Linux, where the machine does not tell. */
const usualSocketBytes = 212_992;

/**
 * Memory that the kernel holds for a sandbox and that no process's size shows, in bytes and at most: what its sockets may have under way, and the names of its
 * files. 0 when the process is gone.
 */
export function kernelBytes(pid: number): number {
  const sockets = socketCount(pid);
  const queuedBytes = sockets < fewSockets ? 0 : tcpBytes(pid);
  return sockets * socketBytes() + queuedBytes + fileNodes(pid) * fileNodeBytes;
}

/** Of the process's network namespace. @see man 5 proc_pid_net, sockstat */
function socketCount(pid: number): number {
  return Number(/^sockets: used (\d+)$/m.exec(read(`/proc/${pid}/net/sockstat`))?.[1] ?? 0);
}

/** What is under way in TCP connections, whose buffers grow by themselves to several megabytes. @see man 5 proc_pid_net, tcp */
function tcpBytes(pid: number): number {
  const lines = ["tcp", "tcp6"].flatMap((name) => read(`/proc/${pid}/net/${name}`).split("\n"));
  let bytes = 0;
  for (const line of lines) {
    const [, sent, received] = / ([\dA-F]{8}):([\dA-F]{8}) /.exec(line) ?? [];
    bytes += Number.parseInt(sent ?? "0", 16) + Number.parseInt(received ?? "0", 16);
  }
  return bytes;
}

let knownSocketBytes: number | undefined;

/** What one socket takes before its writer has to wait; the sandbox's filter keeps code from asking for more. */
function socketBytes(): number {
  knownSocketBytes ??= Math.max(...["wmem", "rmem"].map((name) => Number(read(`/proc/sys/net/core/${name}_default`)) || usualSocketBytes));
  return knownSocketBytes;
}

function fileNodes(pid: number): number {
  let nodes = 0;
  for (const folder of memoryFolders(pid)) {
    try {
      const { files, ffree } = statfsSync(`/proc/${pid}/root${folder}`);
      nodes += files - ffree;
    } catch {
      // The process ended meanwhile.
    }
  }
  return nodes;
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
