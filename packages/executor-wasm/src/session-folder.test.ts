import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
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
