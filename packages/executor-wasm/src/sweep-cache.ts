import { lstat, readdir, rm, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Where an image is made. */
export const draftPrefix = "draft-";
/** What the folder of an image is called. */
export const imagePrefix = "wasm-";
/** What a session's folder is called, among the temporary files: not how somebody else might call a cache there. */
export const sessionPrefix = "codelet-wasm-session-";

const hourMs = 3_600_000;
const draftAgeMs = hourMs;
const sessionAgeMs = hourMs;
const unusedAgeMs = 60 * 24 * hourMs;

/** Removes what processes left that were killed while they built, and images that nothing has started from for sixty days. Never rejects. */
export function sweepCache(cacheDir: string): Promise<void> {
  return sweep(cacheDir, { [draftPrefix]: draftAgeMs, [imagePrefix]: unusedAgeMs });
}

/** Removes what hosts left that were killed while a session started, which takes seconds. Never rejects. */
export function sweepSessionFolders(): Promise<void> {
  return sweep(tmpdir(), { [sessionPrefix]: sessionAgeMs });
}

async function sweep(parent: string, maxAgesMs: Readonly<Record<string, number>>): Promise<void> {
  const kinds = Object.entries(maxAgesMs);
  for (const name of await readdir(parent).catch(() => [])) {
    const maxAgeMs = kinds.find(([prefix]) => name.startsWith(prefix))?.[1];
    if (maxAgeMs === undefined) continue;
    const path = join(parent, name);
    const found = await lstat(path).catch(() => undefined);
    if (found === undefined || found.uid !== (process.getuid?.() ?? found.uid)) continue;
    if (Date.now() - found.mtimeMs > maxAgeMs) await rm(path, { recursive: true, force: true }).catch(() => {});
  }
}

/** The image is in use: its folder's time says when that was last so. Where the cache can't be written to, nobody sweeps it either. */
export async function markUsed(folder: string): Promise<void> {
  const now = new Date();
  await utimes(folder, now, now).catch(() => {});
}
