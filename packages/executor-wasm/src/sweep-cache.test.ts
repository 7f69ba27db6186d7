import { chown, mkdir, mkdtemp, readdir, rm, stat, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { markUsed, sweepCache } from "./sweep-cache.ts";

const dayMs = 86_400_000;
let cacheDir: string;

beforeEach(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), "codelet-sweep-"));
});
afterEach(() => rm(cacheDir, { recursive: true }));

async function folder(name: string, ageMs: number): Promise<void> {
  const path = join(cacheDir, name);
  await mkdir(join(path, "inside"), { recursive: true });
  await utimes(path, new Date(Date.now() - ageMs), new Date(Date.now() - ageMs));
}

it("removes what killed builders left and images that nothing uses, and nothing else", async () => {
  await folder("draft-fresh", 60_000);
  await folder("draft-left", 2 * 3_600_000);
  await folder("wasm-used", 59 * dayMs);
  await folder("wasm-unused", 61 * dayMs);
  await folder("theirs", 1_000 * dayMs);
  await sweepCache(cacheDir);
  expect((await readdir(cacheDir)).sort()).toEqual(["draft-fresh", "theirs", "wasm-used"]);
});

const isRoot = process.getuid?.() === 0;
if (!isRoot) console.log("SKIPPED a folder of another user's: only root can make one.");

it.skipIf(!isRoot)("removes nothing of another user's, also as root", async () => {
  await folder("draft-left", 2 * 3_600_000);
  await chown(join(cacheDir, "draft-left"), 12_345, 12_345);
  await sweepCache(cacheDir);
  expect(await readdir(cacheDir)).toEqual(["draft-left"]);
});

it("keeps an image that a session started from", async () => {
  await folder("wasm-old", 100 * dayMs);
  await markUsed(join(cacheDir, "wasm-old"));
  await sweepCache(cacheDir);
  expect((await stat(join(cacheDir, "wasm-old"))).isDirectory()).toBe(true);
});

it("has nothing to say of a folder that isn't there", async () => {
  await sweepCache(join(cacheDir, "missing"));
  await markUsed(join(cacheDir, "missing"));
});
