import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import type { Execution } from "@codelet/core";
import type { ContractCase } from "../contract-case.ts";
import { assertValue } from "../ended-typed.ts";

/**
 * Looks for a key of this test wherever code can look: its environment and that of other processes, command lines, its memory (frames that have come
 * in among it), its files. The pattern does not match its own text.
 */
const search = `
import os, re, tempfile
def search():
    pattern = re.compile(b"codelet" + b"-key-[0-9a-f]{32}-end")
    found = set()
    def look(where, data):
        if pattern.search(data):
            found.add(where)
    def look_in(where, path, size=1 << 20):
        try:
            with open(path, "rb") as file:
                look(where, file.read(size))
        except (OSError, ValueError):
            pass
    look("environment", repr(dict(os.environ)).encode())
    for name in os.listdir("/proc") if os.path.isdir("/proc") else []:
        if name.isdigit():
            look_in("command line", "/proc/%s/cmdline" % name)
            look_in("environment", "/proc/%s/environ" % name)
    looked = 0
    for folder in (os.getcwd(), tempfile.gettempdir(), os.path.expanduser("~")):
        for root, folders, files in os.walk(folder):
            for name in files:
                if looked < 1000 and os.path.isfile(os.path.join(root, name)):
                    looked += 1
                    look_in("file", os.path.join(root, name))
            if looked >= 1000:
                break  # a machine that is not the sandbox's own
    try:
        with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", 0) as memory:
            for line in maps.read().splitlines():
                span, rights = line.split()[:2]
                first, last = (int(edge, 16) for edge in span.split("-"))
                if rights.startswith("rw") and last - first < 1 << 28:
                    try:
                        memory.seek(first)
                        look("memory", memory.read(last - first))
                    except (OSError, ValueError, OverflowError):
                        pass
    except OSError:
        pass
    return sorted(found)
`;

export const toolSecretCases: readonly ContractCase[] = [
  {
    name: "a tool's secret is nowhere in the sandbox, though the tool uses it",
    async run({ open, run }) {
      const secret = `codelet-key-${randomBytes(16).toString("hex")}-end`;
      const answers = new Map([[secret, { tokyo: 14, paris: 9 }]]);
      const lookUp = ([city]: readonly unknown[]): unknown => answers.get(secret)?.[city as "tokyo"];
      const session = await open();
      const tools = { echo: lookUp };
      assertValue((await run(session, `${search}\n[echo("tokyo") - echo("paris"), search()]`, { tools })).execution, [5, []]);
      const leaked = await run(session, "os.environ['LEAK'] = echo('')\nsearch()", { tools: { echo: () => secret } });
      assert.ok(valuesOf(leaked.execution).includes("environment"), "the search does not find what is there");
    },
  },
];

function valuesOf({ value, error }: Execution): readonly unknown[] {
  assert.equal(error, undefined, error?.message);
  return Array.isArray(value) ? value : [];
}
