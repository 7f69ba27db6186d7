import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, unlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, expect, it } from "vitest";
import { readBuildContext } from "./build-context.ts";

let context: string;
const write = (name: string, content = ""): void => writeFileSync(join(context, name), content);
const hash = async (): Promise<string> => (await readBuildContext({ context, dockerfile: "Dockerfile" })).hash;

beforeEach(() => {
  context = mkdtempSync(join(tmpdir(), "codelet-docker-"));
  for (const folder of ["source", "cache"]) mkdirSync(join(context, folder));
  write("Dockerfile", "FROM scratch");
  write("source/main.py", "1");
  write("cache/big", "1");
});

afterEach(() => rmSync(context, { recursive: true }));

it.each<[string, () => void]>([
  ["a content", () => write("source/main.py", "2")],
  ["a new file", () => write("source/other.py")],
  ["a new folder", () => mkdirSync(join(context, "empty"))],
  ["a mode", () => chmodSync(join(context, "source/main.py"), 0o755)],
  ["a new link", () => symlinkSync("main.py", join(context, "source/link"))],
  ["what is ignored", () => write(".dockerignore", "cache")],
])("changes its hash with %s", async (_, change) => {
  const before = await hash();
  expect(await hash()).toBe(before);
  change();
  expect(await hash()).not.toBe(before);
});

it("changes its hash with the target of a link, and not with what an outside one leads to", async () => {
  const outside = join(tmpdir(), `codelet-docker-outside-${process.pid}`);
  writeFileSync(outside, "one");
  try {
    symlinkSync(outside, join(context, "link"));
    const before = await hash();
    writeFileSync(outside, "two");
    expect(await hash()).toBe(before);
    expect(await text((await readBuildContext({ context, dockerfile: "Dockerfile" })).pack())).not.toMatch(/two/);
    unlinkSync(join(context, "link"));
    symlinkSync("source/main.py", join(context, "link"));
    expect(await hash()).not.toBe(before);
  } finally {
    rmSync(outside);
  }
});

it("keeps its hash when times change, or what is ignored", async () => {
  write(".dockerignore", "cache\n**/*.pyc");
  const before = await hash();
  utimesSync(join(context, "source/main.py"), 1, 1);
  write("cache/big", "2");
  write("source/main.pyc");
  expect(await hash()).toBe(before);
});

it("is not read on once that is given up", async () => {
  const reading = readBuildContext({ context, dockerfile: "Dockerfile" }, AbortSignal.abort());
  await expect(reading).rejects.toMatchObject({ code: "aborted" });
});

it("sends what .dockerignore takes back of a folder, and the Dockerfile whatever it says", async () => {
  write(".dockerignore", "*\n!source");
  write("secret", "s3cret");
  const archive = await text((await readBuildContext({ context, dockerfile: "Dockerfile" })).pack());
  for (const name of ["Dockerfile", "source/main.py"]) expect(archive).toContain(name);
  expect(archive).not.toMatch(/s3cret|cache/);
});

it("sends nothing when .dockerignore can't be read", async () => {
  symlinkSync(".dockerignore", join(context, ".dockerignore")); // leads to itself, for ever
  await expect(readBuildContext({ context, dockerfile: "Dockerfile" })).rejects.toThrow(/ELOOP/);
});
