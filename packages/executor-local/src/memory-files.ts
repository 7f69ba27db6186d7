import { readFileSync, statfsSync } from "node:fs";

/** Bytes of the files that a sandbox keeps in memory of its own, where no size limits them; 0 when the process is gone. */
export function memoryFileBytes(pid: number): number {
  let bytes = 0;
  for (const folder of memoryFolders(pid)) {
    try {
      const { blocks, bfree, bsize } = statfsSync(`/proc/${pid}/root${folder}`);
      bytes += (blocks - bfree) * bsize;
    } catch {
      // The process ended meanwhile.
    }
  }
  return bytes;
}

/** Where the process can write to a tmpfs of its own, one place for each. What is bound from the host shows as a part of a file system, and is not its own. */
export function memoryFolders(pid: number): Iterable<string> {
  const visible = new Map<string, string | undefined>();
  for (const line of mountLines(pid)) {
    // Of two mounts at one place, the later one is seen. @see man 5 proc, mountinfo
    const [, , device = "", root, folder = "", options = ""] = line.split(" ");
    const isOwnMemory = root === "/" && /^rw\b/.test(options) && / - tmpfs /.test(line);
    visible.set(unescapePath(folder), isOwnMemory ? device : undefined);
  }
  return new Map([...visible].flatMap(([folder, device]) => (device === undefined ? [] : [[device, folder] as const]))).values();
}

function mountLines(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/mountinfo`, "utf8").split("\n");
  } catch {
    return [];
  }
}

function unescapePath(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
