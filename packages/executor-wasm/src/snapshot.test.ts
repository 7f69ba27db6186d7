import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import type { Json, SessionRef } from "@codelet/core";
import { expect, it } from "vitest";
import { evaluate, openWasm, run } from "./testing/evaluate.ts";
import { evaluateElsewhere } from "./testing/other-host.ts";

const leave =
  "import random\ndef count():\n    for n in range(10): yield n\ncounter = count()\nnext(counter)\nopen('notes.txt', 'w').write('first second')\nopened = open('notes.txt')\nopened.read(6)";

it("restores generators, files and what is open in another process", async () => {
  await using session = await openWasm();
  await run(session, leave);
  const reference = await session.snapshot?.();
  expect(JSON.stringify(reference).length).toBeLessThan(4 * 2 ** 20);
  const folder = await mkdtemp(join(tmpdir(), "codelet-reference-"));
  try {
    await writeFile(join(folder, "reference.json"), JSON.stringify(reference));
    expect(await evaluateElsewhere({}, "[next(counter), opened.read()]", join(folder, "reference.json"))).toEqual([1, "second"]);
  } finally {
    await rm(folder, { recursive: true });
  }
  expect(await evaluate(session, "next(counter)")).toBe(1);
});

it("restores files that were moved or deleted while they are open, and devices", async () => {
  await using session = await openWasm();
  const leave = `
import os, tempfile
def made(path, text):
    file = path if hasattr(path, "write") else open(path, "w+")
    file.write(text)
    file.flush()
    return file
temporary = made(tempfile.TemporaryFile("w+"), "temporary")
deleted = made("deleted.txt", "deleted")
again = os.dup(deleted.fileno())
moved = made("before.txt", "moved")
os.remove("deleted.txt")
os.rename("before.txt", "after.txt")
made("before.txt", "another").close()
nothing = open(os.devnull, "w")
reading, writing = os.pipe()
files = [temporary, deleted, moved]`;
  await run(session, leave);
  await using restored = await openWasm({}, { restore: await session.snapshot?.() });
  expect(await evaluate(restored, "[file.seek(0) or file.read() for file in files]")).toEqual(["temporary", "deleted", "moved"]);
  expect(await evaluate(restored, "os.lseek(again, 0, 0)\nos.read(again, 9)")).toEqual(new Uint8Array(Buffer.from("deleted")));
  const folders = "[sorted(os.listdir(folder)) for folder in ('.', '/tmp', '/', '/dev')]";
  expect(await evaluate(restored, folders)).toEqual(await evaluate(session, folders));
  expect(await evaluate(restored, "sorted(os.listdir())")).toEqual(["after.txt", "before.txt"]);
  expect(await evaluate(restored, "nothing.write('lost')\nnothing.flush()")).toBeNull();
});

it("restores files that code has closed to itself, when they were changed, and the folder that it is in", async () => {
  await using session = await openWasm();
  const leave = `
import os
os.makedirs("closed/below")
for path in ("secret.txt", "closed/below/file.txt"):
    with open(path, "w") as file: file.write(path)
    os.utime(path, (1_000_000_000, 1_000_000_000.5))
os.utime("closed", (900_000_000, 900_000_000.5))
os.chmod("secret.txt", 0)
os.chmod("closed/below", 0)
os.chmod("closed", 0o555)
os.mkdir("current")
os.chdir("current")
def state():
    home = os.path.expanduser("~/")
    found = [[oct(os.stat(home + name).st_mode), os.path.getmtime(home + name)] for name in ("secret.txt", "closed", "closed/below")]
    return [os.getcwd(), *found]`;
  await run(session, leave);
  const before = await evaluate(session, "state()");
  await using restored = await openWasm({}, { restore: await session.snapshot?.() });
  expect(await evaluate(restored, "state()")).toEqual(before);
  expect(before).toMatchObject(["/home/codelet/current", ["0o100000", 1_000_000_000.5], ["0o40555", 900_000_000.5], ["0o40000", expect.any(Number)]]);
  expect(await run(restored, "open('../secret.txt')")).toMatchObject({ error: { name: "PermissionError" }, stateLost: false });
  expect(await evaluate(restored, "os.chmod('../closed/below', 0o700)\nopen('../closed/below/file.txt').read()")).toBe("closed/below/file.txt");
});

it("restores as many open files as code may have", async () => {
  await using session = await openWasm();
  await run(session, "import os\nfiles = [open(f'{index:0100}.txt', 'wb', buffering=0) for index in range(2_000)]");
  await using restored = await openWasm({}, { restore: await session.snapshot?.() });
  expect(await evaluate(restored, "[file.write(b'x') for file in files]\nsum(os.path.getsize(name) for name in os.listdir())")).toBe(2_000);
});

it("restores files wherever they are", async () => {
  await using session = await openWasm();
  const paths = ["/mnt/data/table.csv", "/notes.txt", "/dev/shm/shared.txt", "/home/other/file.txt"];
  const leave = `import os\npaths = ${JSON.stringify(paths)}\nfor path in paths:\n    os.makedirs(os.path.dirname(path), exist_ok=True)\n    with open(path, "w") as file: file.write(path)`;
  await run(session, leave);
  await using restored = await openWasm({}, { restore: await session.snapshot?.() });
  expect(await evaluate(restored, "[open(path).read() for path in paths]")).toEqual(paths);
});

it("restores what code has put in the place of its folders, and none that it has removed", async () => {
  await using session = await openWasm();
  const leave = `
import os
os.chdir("/")
os.rename("/home/codelet", "/mine")
os.symlink("/mine", "/home/codelet")
os.rmdir("/tmp")
with open("/tmp", "w") as file: file.write("no folder")
os.rmdir("/home/web_user")
os.rename("/dev/shm", "/shared")
taken = open("/dev/codelet-deleted-5", "w")
os.chdir("/home/codelet")
def state(): return [os.getcwd(), os.readlink("/home/codelet"), open("/tmp").read(), sorted(os.listdir("/")), os.listdir("/home"), "shm" in os.listdir("/dev")]`;
  await run(session, leave);
  const before = await evaluate(session, "state()");
  await using restored = await openWasm({}, { restore: await session.snapshot?.() });
  expect(await evaluate(restored, "state()")).toEqual(before);
});

it("counts the files that it restores against the limit", async () => {
  const limit = { diskLimitBytes: 2 ** 20 };
  await using session = await openWasm(limit);
  await run(session, "def write(name):\n    with open(name, 'wb') as file: file.write(bytes(600_000))\nwrite('first')");
  await using restored = await openWasm(limit, { restore: await session.snapshot?.() });
  expect((await run(restored, "write('second')")).error).toMatchObject({ name: "OSError", message: expect.stringContaining("No space left") });
  expect(await evaluate(restored, "import os\nos.remove('first')\nwrite('second')")).toBeNull();
});

it("lets no clock run backwards, on which timers wait", async () => {
  await using session = await openWasm();
  await run(session, "import asyncio, time\nawait asyncio.sleep(2)");
  await run(session, "timer = asyncio.create_task(asyncio.sleep(0.1))\nawait asyncio.sleep(0)\nleft = [time.monotonic(), time.perf_counter()]");
  await using restored = await openWasm({}, { restore: await session.snapshot?.() });
  expect(await evaluate(restored, "[now >= then for now, then in zip([time.monotonic(), time.perf_counter()], left)]")).toEqual([true, true]);
  expect(await evaluate(restored, "began = time.monotonic()\nawait timer\ntime.sleep(0.2)\n0.2 <= time.monotonic() - began < 2")).toBe(true);
});

it("gives the number of what can't be restored to no other file", async () => {
  await using session = await openWasm();
  await run(session, "import os\nreading, writing = os.pipe()");
  await using once = await openWasm({}, { restore: await session.snapshot?.() });
  await using twice = await openWasm({}, { restore: await once.snapshot?.() });
  for (const restored of [once, twice]) {
    expect(await evaluate(restored, "file = open('mine.txt', 'w')\nfile.fileno() in (reading, writing)")).toBe(false);
    expect((await run(restored, "os.write(writing, b'x')")).error).toMatchObject({ name: "OSError", message: "[Errno 8] Bad file descriptor" });
    expect(await evaluate(restored, "os.close(reading)\nos.close(writing)\nfile.write('mine')\nfile.close()\nopen('mine.txt').read()")).toBe("mine");
  }
});

it("shows the output of the step after one that led it elsewhere, in a restored session too", async () => {
  await using session = await openWasm();
  const lead = "import os, sys\nfile = open('kept.txt', 'w')\n";
  await run(session, `${lead}os.dup2(file.fileno(), 1)\nprint('to the file')`);
  expect((await run(session, "print('shown')\nopen('kept.txt').read()")).logs).toBe("shown\n");
  await run(session, "os.close(0); os.close(1); os.close(2)");
  expect((await run(session, "print('out')\nprint('error', file=sys.stderr)")).logs).toBe("out\nerror\n");
  await using restored = await openWasm({}, { restore: await session.snapshot?.() });
  await run(restored, "os.dup2(file.fileno(), 1)");
  expect(await run(restored, "print('again')\nopen('kept.txt').read()")).toMatchObject({ logs: "again\n", value: "to the file\n" });
});

it("goes on with the same random numbers where a seed makes it a replay", async () => {
  await using session = await openWasm({}, { seed: "run-1" });
  await run(session, "import random\nrandom.random()");
  const restore = await session.snapshot?.();
  const next = await evaluate(session, "random.random()");
  await using replay = await openWasm({}, { seed: "run-1", restore });
  expect(await evaluate(replay, "random.random()")).toBe(next);
  await using other = await openWasm({}, { restore });
  expect(await evaluate(other, "random.random()")).not.toBe(next);
});

it("shows nothing of JavaScript to what the state runs while Pyodide starts from it", async () => {
  await using session = await openWasm();
  const leaveHook = `
import importlib, sys
seen = []
started = importlib.import_module
def import_module(name, package=None):
    # The first two imports come before the table of JavaScript objects is there: a look at one would end the interpreter.
    inside = sys.modules["pyodide_js"]
    seen.append([part for part in ("_api", "_module", "FS", "version") if len(seen) > 1 and hasattr(inside, part)])
    return started(name, package)
importlib.import_module = import_module`;
  expect((await run(session, leaveHook)).error).toBeUndefined();
  await using restored = await openWasm({}, { restore: await session.snapshot?.() });
  const seen = (await evaluate(restored, "seen")) as readonly unknown[];
  expect(seen.length).toBeGreaterThan(2);
  expect(seen.flat()).toEqual([]);
});

it("gives nothing of Pyodide to a state whose list of JavaScript objects code has forged", async () => {
  await using session = await openWasm();
  await run(session, "from pyodide.ffi import to_js\nheld = to_js([1])");
  const reference = (await session.snapshot?.()) as SessionRef;
  const data = reference.data as Readonly<Record<string, Json>>;
  const [memory = "", files = ""] = [data.memory, data.files].map((part) =>
    zstdDecompressSync(Buffer.from(String(part), "base64")).toString("latin1"),
  );
  const forged = Buffer.from(memory.replace('{"serialized":null}', '{"API":true       }'), "latin1");
  expect(forged.toString("latin1")).not.toBe(memory);
  const checksum = crc32(Buffer.from(files, "latin1"), crc32(forged));
  const restore = { ...reference, data: { ...data, memory: zstdCompressSync(forged).toString("base64"), checksum } };
  await using restored = await openWasm({}, { restore });
  expect(await evaluate(restored, "[hasattr(held, name) for name in ('config', 'getExpectedKeys', 'rawRun')]")).toEqual([false, false, false]);
});

it("refuses a reference that it did not save, or that is damaged", async () => {
  await using session = await openWasm();
  const reference = (await session.snapshot?.()) as SessionRef;
  const data = reference.data as Readonly<Record<string, Json>>;
  const damaged: readonly SessionRef[] = [
    { executor: "local", data: reference.data },
    { executor: "wasm", data: null },
    { executor: "wasm", data: { ...data, image: "1" } },
    { executor: "wasm", data: { ...data, memory: "AAAA" } },
    { executor: "wasm", data: { ...data, memory: String(data.memory).slice(0, -4_000) } },
    { executor: "wasm", data: { ...data, files: String(data.files).slice(0, 40) } },
    { executor: "wasm", data: { ...data, files: data.memory ?? null } },
    { executor: "wasm", data: { ...data, openFiles: [{ fd: "5" }] } },
  ];
  for (const restore of damaged) await expect(openWasm({}, { restore })).rejects.toMatchObject({ code: "configuration" });
});
