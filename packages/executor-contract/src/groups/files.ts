import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { CodeletError, type ExecutorSession } from "@codelet/core";
import type { ContractCase } from "../contract-case.ts";
import { nextCalls, untilDone } from "../drive-step.ts";
import { assertValue } from "../ended-typed.ts";

export const fileCases: readonly ContractCase[] = [
  {
    name: "a file that the host puts is there for the code, with its folders",
    needs: ["fileTransfer"],
    async run({ open, run }) {
      const session = await open();
      await session.putFile?.("data/in/table.csv", Buffer.from("a,b\n1,2\n"));
      await session.putFile?.("empty.bin", new Uint8Array());
      const code = "import os\n[open('data/in/table.csv').read(), os.path.getsize('empty.bin')]";
      assertValue((await run(session, code)).execution, ["a,b\n1,2\n", 0]);
      await session.putFile?.("data/in/table.csv", Buffer.from("short"));
      assertValue((await run(session, "open('data/in/table.csv').read()")).execution, "short");
    },
  },
  {
    name: "a large file streams in and out unchanged, also from an async source",
    needs: ["fileTransfer"],
    async run({ open, run }) {
      const session = await open();
      const bytes = Buffer.from(Uint32Array.from({ length: 800_000 }, (_, index) => (index * 2_654_435_761) >>> 0).buffer);
      await session.putFile?.(
        "large.bin",
        (async function* () {
          for (let start = 0; start < bytes.length; start += 700_001) yield bytes.subarray(start, start + 700_001);
        })(),
      );
      const code = "data = open('large.bin', 'rb').read()\nopen('back.bin', 'wb').write(data[::-1])\nlen(data)";
      assertValue((await run(session, code)).execution, bytes.length);
      const back = await read(session, "back.bin");
      assert.ok(back.reverse().equals(bytes), "the bytes have changed on the way");
    },
  },
  {
    name: "paths outside the work folder, links, folders and missing files are refused with value",
    needs: ["fileTransfer"],
    async run({ open, run }) {
      const session = await open();
      const code = [
        "import os, tempfile",
        "outside = tempfile.mkdtemp()",
        "open(os.path.join(outside, 'secret'), 'w').write('x')",
        "open('plain', 'w').write('x')",
        "os.makedirs('folder', exist_ok=True)",
        "def link(target, name):",
        "    try:",
        "        os.symlink(target, name)",
        "    except OSError:",
        "        open(name, 'w').write('x')  # no links here: then nothing is to be refused",
        "link(os.path.join(outside, 'secret'), 'link')",
        "link(outside, 'linked')",
        "os.path.islink('link')",
      ].join("\n");
      const { execution } = await run(session, code);
      assert.equal(execution.error, undefined, execution.error?.message);
      const paths = ["/etc/passwd", "../secret", "folder/../../secret", "", ".", "folder", "missing", "plain/below", "a\0b"];
      if (execution.value === true) paths.push("link", "linked/secret");
      for (const path of paths) {
        await assert.rejects(read(session, path), isRefusal, `getFile took ${JSON.stringify(path)}`);
        if (path !== "missing")
          await assert.rejects(async () => session.putFile?.(path, Buffer.from("y")), isRefusal, `putFile took ${JSON.stringify(path)}`);
      }
      assertValue((await run(session, "open(os.path.join(outside, 'secret')).read()")).execution, "x");
    },
  },
  {
    name: "the work folder stays what it was when the code changes its own",
    needs: ["fileTransfer"],
    async run({ open, run }) {
      const session = await open();
      await run(session, "import os, tempfile\nhome = os.getcwd()\nos.chdir(tempfile.mkdtemp())");
      await session.putFile?.("there.txt", Buffer.from("1"));
      assertValue((await run(session, "open(os.path.join(home, 'there.txt')).read()")).execution, "1");
    },
  },
  {
    name: "files are refused with configuration while a step runs",
    needs: ["fileTransfer"],
    async run({ open }) {
      const session = await open();
      session.start("echo(1)");
      const [call] = await nextCalls(session, 1);
      const isBusy = (error: unknown): boolean => CodeletError.isInstance(error, "configuration");
      await assert.rejects(async () => session.putFile?.("x", Buffer.from("y")), isBusy);
      await assert.rejects(read(session, "x"), isBusy);
      session.deliver([{ id: call?.id ?? "", value: 1 }]);
      assertValue((await untilDone(session)).execution, 1);
    },
  },
];

async function read(session: ExecutorSession, path: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of session.getFile?.(path) ?? []) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function isRefusal(error: unknown): boolean {
  return CodeletError.isInstance(error, "value");
}
