import { readdir, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";

/** Where an image is made. */
export const draftPrefix = "draft-";
/** What the folder of an image is called. */
export const imagePrefix = "wasm-";

const hourMs = 3_600_000;
const draftAgeMs = hourMs;
const unusedAgeMs = 60 * 24 * hourMs;

/** Removes what processes left that were killed while they built, and images that nothing has started from for sixty days. Never rejects. */
export async function sweepCache(cacheDir: string): Promise<void> {
  for (const name of await readdir(cacheDir).catch(() => [])) {
    const maxAgeMs = name.startsWith(draftPrefix) ? draftAgeMs : name.startsWith(imagePrefix) ? unusedAgeMs : Number.POSITIVE_INFINITY;
    const path = join(cacheDir, name);
    const { mtimeMs } = (await stat(path).catch(() => undefined)) ?? { mtimeMs: Date.now() };
    if (Date.now() - mtimeMs > maxAgeMs) await rm(path, { recursive: true, force: true }).catch(() => {});
  }
}

/** The image is in use: its folder's time says when that was last so. Where the cache can't be written to, nobody sweeps it either. */
export async function markUsed(folder: string): Promise<void> {
  const now = new Date();
  await utimes(folder, now, now).catch(() => {});
}
