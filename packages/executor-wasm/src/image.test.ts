import { lstat, mkdir, mkdtemp, readdir, rename, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { evaluate, openWasm } from "./testing/evaluate.ts";
import { makeWheel } from "./testing/make-wheel.ts";
import { evaluateElsewhere } from "./testing/other-host.ts";
import { wasmExecutor } from "./wasm-executor.ts";

let folder: string;
const buildTimeoutMs = 120_000;
const code = "import greet, importlib.metadata\n[greet.hello(), importlib.metadata.version('greet')]";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "codelet-image-"));
  await mkdir(join(folder, "wheels"));
  await makeWheel(join(folder, "wheels"), "1.2");
}, buildTimeoutMs);

afterAll(() => rm(folder, { recursive: true }));

it(
  "is made by two processes at once, with packages from a folder",
  async () => {
    const options = { cacheDir: join(folder, "cache"), packages: ["greet"], packagesFrom: join(folder, "wheels") };
    const values = await Promise.all([evaluateElsewhere(options, code), evaluateElsewhere(options, code)]);
    expect(values).toEqual([
      ["hello 1.2", "1.2"],
      ["hello 1.2", "1.2"],
    ]);
    expect(await readdir(options.cacheDir)).toEqual([expect.stringMatching(/^wasm-[0-9a-f]{24}$/)]);
  },
  buildTimeoutMs,
);

it("says which folder can't hold it", async () => {
  await writeFile(join(folder, "file"), "");
  await expect(openWasm({ cacheDir: join(folder, "file", "cache") })).rejects.toMatchObject({
    code: "configuration",
    message: expect.stringMatching(/ENOTDIR.*file\/cache.* Check `cacheDir`/),
  });
});

it("lets through what a listener for its progress throws", async () => {
  const mine = new Error("mine");
  const onProgress = (): void => {
    throw mine;
  };
  await expect(wasmExecutor({ cacheDir: join(folder, "told") }).open({ onProgress })).rejects.toBe(mine);
});

it(
  "is made again when it is damaged, and says what takes the time",
  async () => {
    const options = { cacheDir: join(folder, "cache"), packages: ["greet"], packagesFrom: join(folder, "wheels") };
    const [image = ""] = await readdir(options.cacheDir);
    await writeFile(join(options.cacheDir, image, "snapshot.bin"), "damaged");
    const said: string[] = [];
    await using session = await openWasm(options, { onProgress: (message) => said.push(message) });
    expect(await evaluate(session, "import greet\ngreet.hello()")).toBe("hello 1.2");
    expect(said).toEqual([expect.stringContaining("1 of 2"), expect.stringContaining("2 of 2"), "The Python sandbox is ready"]);
    expect(await readdir(options.cacheDir)).toEqual([image]);
  },
  buildTimeoutMs,
);

it(
  "is made again when its list of files is empty, or something else stands in its place or in that of its cache",
  async () => {
    const options = { cacheDir: join(folder, "cache"), packages: ["greet"], packagesFrom: join(folder, "wheels") };
    const [image = ""] = await readdir(options.cacheDir);
    const place = join(options.cacheDir, image);
    const open = async (): Promise<void> => {
      await using session = await openWasm(options);
      expect(await evaluate(session, "import greet\ngreet.hello()")).toBe("hello 1.2");
      expect((await lstat(join(place, "deno-dir"))).isDirectory()).toBe(true);
    };

    await writeFile(join(place, "manifest.json"), "{}");
    await writeFile(join(place, "snapshot.bin"), "damaged");
    await open();

    await rename(join(place, "deno-dir"), join(folder, "elsewhere"));
    await symlink(join(folder, "elsewhere"), join(place, "deno-dir"));
    await utimes(place, 0, 0); // as long unused as what is swept
    await open();

    await rm(place, { recursive: true });
    await symlink(join(folder, "nowhere"), place);
    await open();
    expect(await readdir(options.cacheDir)).toEqual([image]);
  },
  buildTimeoutMs,
);

it("is given up when nobody waits for it any more", async () => {
  const cacheDir = join(folder, "given-up");
  const open = openWasm({ cacheDir }, { signal: AbortSignal.timeout(300) });
  await expect(open).rejects.toMatchObject({ code: "aborted" });
  await expect.poll(() => readdir(cacheDir)).toEqual([]);
});
