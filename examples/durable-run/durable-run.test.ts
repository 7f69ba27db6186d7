import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, expect, it } from "vitest";
import { whySandboxMissing } from "../../packages/executor-local/src/testing/why-sandbox-missing.ts";
import { createAgent } from "./agent.ts";
import { decide, sqliteJournal } from "./sqlite-journal.ts";

const folder = mkdtempSync(path.join(tmpdir(), "codelet-durable-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

// Python of this machine starts in a tenth of the time; WebAssembly runs everywhere.
const executor = (await whySandboxMissing()) === undefined ? "local" : "wasm";
const program = path.join(import.meta.dirname, "testing", "dying-run.ts");

interface Effect {
  readonly key: string;
  readonly n: number;
  readonly value: number;
}

function attempt(kind: string, entries: number, moment: "before" | "after") {
  const files = [path.join(folder, `${kind}.db`), path.join(folder, `${kind}.effects`)];
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [program, ...files, kind, String(entries), moment, executor], {
    encoding: "utf8",
    timeout: 60_000,
  });
  return { status, signal, stdout, stderr };
}

/** What tools have done so far, in all processes. */
function effectsOf(kind: string): readonly Effect[] {
  const file = path.join(folder, `${kind}.effects`);
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Effect);
}

/** The idempotency keys of the calls that the journal knows. */
function recorded(kind: string): readonly string[] {
  const file = path.join(folder, `${kind}.db`);
  if (!existsSync(file)) return [];
  const database = new DatabaseSync(file);
  const rows = database.prepare("select run_id || '/' || key as key from entries").all();
  database.close();
  return rows.map(({ key }) => String(key));
}

/** Calls of each kind of run, and those whose results are the answer. */
const kinds = [
  { kind: "loop", calls: 7, answers: 6 },
  { kind: "gather", calls: 8, answers: 8 },
  { kind: "approval", calls: 3, answers: 3 },
  { kind: "team", calls: 7, answers: 7 },
  { kind: "tool-calling", calls: 4, answers: 0 },
];

it.for(kinds)(
  "a run of the kind $kind goes on behind its journal's last entry, wherever its process is killed",
  { timeout: 120_000 },
  ({ kind, calls, answers }) => {
    let kills = 0;
    let ended: ReturnType<typeof attempt>;
    do {
      const known = recorded(kind);
      const before = effectsOf(kind).length;
      // Killed before an entry is written, its work is done and nobody knows: that alone may be done again.
      ended = attempt(kind, 5 + (kills % 4), kills++ % 2 === 0 ? "after" : "before");
      for (const { key } of effectsOf(kind).slice(before)) expect(known).not.toContain(key);
    } while (ended.signal === "SIGKILL" || ended.status === 3);
    expect(ended.stderr.replaceAll(/.*(ExperimentalWarning: SQLite|node --trace-warnings).*\n/g, "")).toBe("");
    expect(kills).toBeGreaterThan(2);

    const result = JSON.parse(ended.stdout);
    expect(result).toMatchObject({ state: "success" });
    const effects = effectsOf(kind);
    expect(new Set(effects.map(({ key }) => key)).size).toBe(calls);
    expect(new Set(effects.map(({ key, n }) => `${key} ${n}`)).size).toBe(calls);
    if (answers > 0) {
      expect(result.output).toHaveLength(answers);
      expect(effects.map(({ value }) => value)).toEqual(expect.arrayContaining(result.output));
    }

    const again = attempt(kind, 0, "after");
    expect(JSON.parse(again.stdout)).toEqual(result);
    expect(effectsOf(kind)).toHaveLength(effects.length);
  },
);

it("the process that started a run last has it: the one of before is left at its next entry, and charges nothing more", async () => {
  const database = new DatabaseSync(":memory:");
  const charged: string[] = [];
  const takenOver = Promise.withResolvers<void>();
  const paused = Promise.withResolvers<void>();
  const slow = createAgent(sqliteJournal(database), async (order) => {
    charged.push(`slow ${order}`);
    if (order === 2) {
      paused.resolve();
      await takenOver.promise;
    }
    return `receipt ${order}`;
  });
  const left = slow.run("Charge the open orders.", { runId: "r" });
  const ending = expect(left).rejects.toThrow("Another process has taken over run r.");
  await paused.promise;
  const second = createAgent(sqliteJournal(database), async (order) => {
    charged.push(`second ${order}`);
    return `receipt ${order}`;
  });
  const result = second.run("Charge the open orders.", { runId: "r" });
  await expect.poll(() => charged.at(-1), { timeout: 20_000 }).toBe("second 6");
  takenOver.resolve();
  await ending;
  expect(await result).toMatchObject({ state: "success", output: expect.stringMatching(/^receipt 1, .*receipt 6$/) });
  expect(charged).toEqual(["slow 1", "slow 2", "second 2", "second 3", "second 4", "second 5", "second 6"]);
}, 60_000);

it("waits while another process writes to the database", async () => {
  const file = path.join(folder, "busy.db");
  const database = new DatabaseSync(file);
  decide(database, "r", "1/tool.a", true);
  const write = `const database = new (require("node:sqlite").DatabaseSync)(process.argv[1]);
    database.exec("begin immediate");
    console.log("writing");
    setTimeout(() => database.exec("commit"), 300);`;
  const writer = spawn(process.execPath, ["-e", write, file], { stdio: ["ignore", "pipe", "ignore"] });
  await once(writer.stdout, "data");
  decide(database, "r", "2/tool.b", { approve: false, reason: "late" });
  expect(database.prepare("select key from entries").all()).toEqual([{ key: "1/tool.a/approval" }, { key: "2/tool.b/approval" }]);
  database.close();
});
