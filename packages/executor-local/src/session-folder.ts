import { createHash } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { lstat, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isAlive } from "./process-tree.ts";

export interface SessionFolder {
  readonly path: string;
  /** Never rejects. */
  remove(): Promise<void>;
}

let swept: Promise<void> | undefined;

/** The folder of a session without a sandbox. The first one of a process also removes those of hosts that were killed. */
export async function makeSessionFolder(): Promise<SessionFolder> {
  const place = pidPlace();
  if (place !== undefined) swept ??= sweep(place);
  await swept;
  const path = await mkdtemp(join(tmpdir(), `codelet-local-${place ?? "other"}-${process.pid}-`));
  return { path, remove: () => remove(path) };
}

/** Names the kernel's run and the pid namespace, outside of which a pid says nothing: several of them may share a folder for temporary files. */
function pidPlace(): string | undefined {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "latin1");
    return createHash("sha256").update(boot).update(readlinkSync("/proc/self/ns/pid")).digest("hex").slice(0, 12);
  } catch {
    return undefined;
  }
}

async function sweep(place: string): Promise<void> {
  const root = tmpdir();
  const pattern = new RegExp(`^codelet-local-${place}-(\\d+)-`);
  for (const name of await readdir(root).catch(() => [])) {
    const pid = Number(pattern.exec(name)?.[1]);
    if (!(pid > 0) || isAlive(pid)) continue;
    const status = await lstat(join(root, name)).catch(() => undefined);
    if (status?.isDirectory() === true && status.uid === process.getuid?.()) await remove(join(root, name));
  }
}

/** Code may have made folders that can't be removed. */
async function remove(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 3 }).catch(() => {});
}
