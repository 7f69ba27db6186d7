import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { driveStep } from "@codelet/executor-contract";
import { afterAll, describe, expect, it, vi } from "vitest";
import { dockerExecutor } from "./docker-executor.ts";
import type { DockerExecutorOptions } from "./options.ts";
import { docker, engineMissing, testOptions } from "./testing/engine.ts";

const folder = mkdtempSync(join(tmpdir(), "codelet-docker-"));
const made = new Set<string>();
afterAll(async () => {
  rmSync(folder, { recursive: true });
  for (const image of made)
    await docker
      .getImage(image)
      .remove({ force: true })
      .catch(() => {});
});

const { image: base, engine } = testOptions;
/** A wheel that pip finds without a network. */
const dockerfile = `FROM ${base}
USER 0
RUN ["python3", "-c", "import os, zipfile; os.makedirs('/wheels'); wheel = zipfile.ZipFile('/wheels/tiny_package-1.0-py3-none-any.whl', 'w'); wheel.writestr('tiny_package.py', 'answer = 42'); wheel.writestr('tiny_package-1.0.dist-info/METADATA', 'Metadata-Version: 2.1\\\\nName: tiny-package\\\\nVersion: 1.0\\\\n'); wheel.writestr('tiny_package-1.0.dist-info/WHEEL', 'Wheel-Version: 1.0\\\\nRoot-Is-Purelib: true\\\\nTag: py3-none-any\\\\n'); wheel.writestr('tiny_package-1.0.dist-info/RECORD', ''); wheel.close(); open('/etc/pip.conf', 'w').write('[global]\\\\nno-index = true\\\\nfind-links = /wheels\\\\n')"]
COPY linked.txt /note.txt
`;

async function evaluate(code: string, options: DockerExecutorOptions): Promise<{ readonly value: unknown; readonly progress: readonly string[] }> {
  const progress: string[] = [];
  const session = await dockerExecutor({ engine, ...options }).open({ onProgress: (message) => progress.push(message) });
  try {
    for (const message of progress) for (const [, tag] of message.matchAll(/(codelet-(?:build|packages):\w+)/g)) made.add(tag as string);
    return { value: (await driveStep(session, code)).execution.value, progress };
  } finally {
    await session[Symbol.asyncDispose]();
  }
}

describe.skipIf(engineMissing !== undefined)("an image", () => {
  it("is built once per content of its folder, and packages once per list", async () => {
    writeFileSync(join(folder, "Dockerfile"), dockerfile);
    writeFileSync(join(folder, "note.txt"), "one");
    symlinkSync("note.txt", join(folder, "linked.txt"));
    const options = { build: { context: folder }, packages: ["tiny-package==1.0"] };
    const code = "import tiny_package\n[tiny_package.answer, open('/note.txt').read()]";
    vi.stubEnv("TMPDIR", join(folder, "nowhere")); // nothing is written
    const first = await evaluate(code, options).finally(() => vi.unstubAllEnvs());
    expect(first.value).toEqual([42, "one"]);
    expect(first.progress.filter((message) => message.startsWith("building"))).toHaveLength(2);
    const again = await evaluate(code, options);
    expect([again.value, again.progress]).toEqual([[42, "one"], []]);
    writeFileSync(join(folder, "note.txt"), "two");
    expect((await evaluate(code, options)).value).toEqual([42, "two"]);
  }, 120_000);

  it("is not built of what a link leads to outside of its folder", async () => {
    symlinkSync("/etc/passwd", join(folder, "outside"));
    writeFileSync(join(folder, "outside.Dockerfile"), `FROM ${base}\nCOPY outside /note.txt\n`);
    const opening = dockerExecutor({ engine, build: { context: folder, dockerfile: "outside.Dockerfile" } }).open();
    await expect(opening).rejects.toMatchObject({ code: "configuration", message: expect.stringContaining("outside") });
  }, 60_000);

  it("that is built and has no Python is named, with what it needs", async () => {
    writeFileSync(join(folder, "bare.Dockerfile"), `FROM ${base}\nENV PATH=/nowhere\n`);
    await expect(evaluate("1", { build: { context: folder, dockerfile: "bare.Dockerfile" } })).rejects.toMatchObject({
      code: "configuration",
      message: expect.stringMatching(
        /^Docker could not start a container of the image codelet-build:\w+, which needs Python 3\.9 or newer as `python3`: /,
      ),
    });
  }, 60_000);

  it("is not waited for when the opening is aborted", async () => {
    writeFileSync(join(folder, "slow.Dockerfile"), `FROM ${base}\nRUN ["python3", "-c", "import time; time.sleep(120)"]\n`);
    const slow = dockerExecutor({ engine, build: { context: folder, dockerfile: "slow.Dockerfile" } });
    const controller = new AbortController();
    const opening = slow.open({ signal: controller.signal, onProgress: () => setTimeout(() => controller.abort(), 500) });
    await expect(opening).rejects.toMatchObject({ name: "AbortError" });
  }, 20_000);

  it.each([
    ["an image that is not there and must not be fetched", { image: "codelet-test:none", pullPolicy: "never" }, /docker pull codelet-test:none/],
    [
      "a base of packages that is not there and must not be fetched",
      { image: "codelet-test:none", pullPolicy: "never", packages: ["six"] },
      /docker pull/,
    ],
    ["a runtime that the engine does not have", { image: base, pullPolicy: "never", runtime: "no-such-runtime" }, /no-such-runtime/],
    ["a folder that can't be read", { build: { context: "/nowhere/at/all" } }, /\/nowhere\/at\/all/],
    [
      "a package that pip can't find",
      { image: base, pullPolicy: "never", packages: ["no-such-package-of-codelet"] },
      /could not build the image codelet-packages:\w+: ERROR: .*\. Check `packages`\.$/,
    ],
    ["an engine that is reached in a way that is not known", { engine: "ssh://user@host" }, /tcp:\/\/host:port/],
    ["an engine of another type", { image: base, engineType: "podman" }, /engineType: "docker"/],
    ["an engine that does not answer", { engine: "/nowhere/engine.sock" }, /No Docker engine answers/],
    ["a network that is not there", { image: base, pullPolicy: "never", network: "no-such-network" }, /no-such-network/],
  ] as const)(
    "says what is wrong with %s",
    async (_, options, message) => {
      const opening = dockerExecutor({ engine, ...options } as DockerExecutorOptions).open();
      await expect(opening).rejects.toMatchObject({ code: "configuration", message: expect.stringMatching(message) });
    },
    120_000,
  );

  it.each([
    [null],
    [{ image: "a b" }],
    [{ image: "../../etc" }],
    [{ image: "python/../../info?x" }],
    [{ build: { context: ".", dockerFile: "Other" } }],
    [{ mounts: [{ source: "/x", target: "/x", writeable: true }] }],
    [{ image: "x", build: { context: "." } }],
    [{ packages: ["--index-url=https://evil.example"] }],
    [{ user: "root" }],
    [{ memoryLimitBytes: 1 }],
    [{ mounts: [{ source: "relative", target: "/x" }] }],
    [{ env: { "A=B": "c" } }],
    [{ network: "--privileged" }],
    [{ netwrok: "none" }],
    [{ pullPolicy: "sometimes" }],
    [{ engineType: "rkt" }],
    [{ engine: "/run/podman/podman.sock", runtime: "runsc" }],
  ])("refuses %j before anything is started", (options) => {
    expect(() => dockerExecutor(options as never)).toThrow(TypeError);
  });
});
