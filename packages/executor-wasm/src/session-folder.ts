import { copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ExecutorCrashedError } from "@codelet/core";
import type { CheckpointFiles } from "./checkpoint.ts";
import { denoCache, type Image, isFolder } from "./image.ts";
import { sessionPrefix, sweepSessionFolders } from "./sweep-cache.ts";

/**
 * A folder that one process uses while it starts: its own copy of Deno's cache, and the checkpoint to restore. Removed before user code runs, so that
 * nothing can be left in it for the next session.
 */
export interface SessionFolder {
  readonly path: string;
  readonly denoDirectory: string;
  /** Never rejects: Deno may be writing to its cache just then. To be called again when the process is gone. */
  remove(): Promise<void>;
}

let swept: Promise<void> | undefined;

/** The first one of a process also removes those of hosts that were killed. */
export async function makeSessionFolder(image: Image, checkpoint?: CheckpointFiles): Promise<SessionFolder> {
  swept ??= sweepSessionFolders();
  await swept;
  const path = join(await mkdtemp(join(tmpdir(), sessionPrefix)), "/");
  const denoDirectory = join(path, denoCache);
  const remove = (): Promise<void> => rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 }).catch(() => {});
  try {
    await copyDatabases(join(image.folder, denoCache), denoDirectory);
    if (checkpoint) {
      await writeFile(join(path, "memory.delta"), checkpoint.memory, { mode: 0o600 });
      await writeFile(join(path, "files.bin"), checkpoint.files, { mode: 0o600 });
      await writeFile(join(path, "open-files.json"), JSON.stringify(checkpoint.openFiles), { mode: 0o600 }); // too many for a command line
    }
    return { path, denoDirectory, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Plain files only. Not SQLite's shared memory: that belongs to the process that wrote it. */
async function copyDatabases(from: string, to: string): Promise<void> {
  if (!(await isFolder(from))) throw new ExecutorCrashedError(`The image's cache ${from} is no folder.`);
  await mkdir(to);
  for (const entry of await readdir(from, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.name.endsWith("-shm")) continue;
    const folder = join(to, entry.parentPath.slice(from.length));
    await mkdir(folder, { recursive: true });
    await copyFile(join(entry.parentPath, entry.name), join(folder, entry.name));
  }
}
