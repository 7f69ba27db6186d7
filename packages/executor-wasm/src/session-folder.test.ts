import { mkdir, mkdtemp, readdir, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { makeSessionFolder } from "./session-folder.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "codelet-session-folder-"));
  await mkdir(join(root, "image"));
  await mkdir(join(root, "elsewhere"));
  await writeFile(join(root, "elsewhere", "secret"), "x");
});
afterEach(() => rm(root, { recursive: true }));

const image = (): Parameters<typeof makeSessionFolder>[0] => ({ folder: join(root, "image/"), entry: "main.js", checksum: "1" });

it("gets plain files of the image's cache, and nothing that a link leads to", async () => {
  await mkdir(join(root, "image", "deno-dir", "gen"), { recursive: true });
  await writeFile(join(root, "image", "deno-dir", "gen", "cache"), "x");
  await symlink(join(root, "elsewhere", "secret"), join(root, "image", "deno-dir", "link"));
  await symlink(join(root, "elsewhere"), join(root, "image", "deno-dir", "folder"));
  const folder = await makeSessionFolder(image());
  try {
    expect((await readdir(folder.denoDirectory, { recursive: true })).sort()).toEqual(["gen", join("gen", "cache")]);
  } finally {
    await folder.remove();
  }
});

it("is not made from a cache that is a link itself", async () => {
  await symlink(join(root, "elsewhere"), join(root, "image", "deno-dir"));
  await expect(makeSessionFolder(image())).rejects.toMatchObject({ code: "executor-crashed" });
});

it("is made where those of killed hosts have been removed, and nothing else", async () => {
  vi.stubEnv("TMPDIR", root);
  vi.resetModules(); // once per process
  const first = await import("./session-folder.ts");
  await mkdir(join(root, "image", "deno-dir"));
  for (const [name, ageMs] of [
    ["codelet-wasm-session-left", 7_200_000],
    ["codelet-wasm-session-starting", 60_000],
    ["codelet-wasm-cache", 7_200_000], // of a user's, named by `cacheDir`
  ] as const) {
    await mkdir(join(root, name, "inside"), { recursive: true });
    await utimes(join(root, name), new Date(), new Date(Date.now() - ageMs));
  }
  await symlink(join(root, "elsewhere"), join(root, "codelet-wasm-session-link"));
  const folder = await first.makeSessionFolder(image()).finally(() => vi.unstubAllEnvs());
  await folder.remove();
  expect((await readdir(root)).sort()).toEqual([
    "codelet-wasm-cache",
    "codelet-wasm-session-link",
    "codelet-wasm-session-starting",
    "elsewhere",
    "image",
  ]);
});
