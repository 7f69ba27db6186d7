import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it, test } from "vitest";
import { readStored, type Shape, type StoredRun } from "./approval-runs.ts";

const folder = mkdtempSync(path.join(tmpdir(), "codelet-approvals-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const isFull = process.env.CODELET_FULL === "1";
const program = path.join(import.meta.dirname, "approval-runs.ts");
const batch = 25;

/** Runs until each has its answer; each turn in a process of its own, which is killed when all of its runs have been stored. */
async function untilDone(
  executor: string,
  shape: Shape,
  ids: readonly string[],
  decide: (run: StoredRun) => Record<string, boolean>,
  maxTurns = 12,
): Promise<number> {
  for (const id of ids) if (!existsSync(path.join(folder, `${id}.decisions`))) writeFileSync(path.join(folder, `${id}.decisions`), "{}");
  for (let turn = 1; ; turn++) {
    await serveOnce(executor, shape, ids);
    const suspended = ids.map((id) => [id, readStored(path.join(folder, `${id}.json`))] as const).filter(([, run]) => run?.state === "suspended");
    for (const [id, run] of suspended) writeFileSync(path.join(folder, `${id}.decisions`), JSON.stringify(decide(run as StoredRun)));
    if (suspended.length === 0) return turn;
    if (turn === maxTurns && maxTurns < 12) return turn;
    if (turn > maxTurns) throw new Error(`still suspended: ${JSON.stringify(suspended[0]).slice(0, 500)}`);
    ids = suspended.map(([id]) => id);
  }
}

async function serveOnce(executor: string, shape: Shape, ids: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [program, folder, shape, executor, ...ids], { stdio: ["ignore", "pipe", "inherit"] });
  const closed = once(child, "close");
  await Promise.race([once(child.stdout, "data"), closed]);
  child.kill("SIGKILL");
  await closed;
}

function effectsOf(id: string): readonly (readonly [key: string, tool: string, mark: string])[] {
  const text = readFileSync(path.join(folder, `${id}.effects`), "utf8").trim();
  return text.split("\n").map((line) => JSON.parse(line) as [string, string, string]);
}

const all = ({ pending = [] }: StoredRun): Record<string, boolean> => Object.fromEntries(pending.map(({ id }) => [id, true]));
/** One at a time, the last one first. */
const lastFirst = ({ pending = [] }: StoredRun): Record<string, boolean> => Object.fromEntries(pending.slice(-1).map(({ id }) => [id, true]));

function expectOnce(id: string, payments: number): void {
  const stored = readStored(path.join(folder, `${id}.json`));
  expect(stored?.problem).toBeUndefined();
  const output = stored?.output as { total: number; seen: string; notes: string };
  expect(output).toBeTypeOf("object");
  const effects = effectsOf(id);
  expect(new Set(effects.map(([key]) => key)).size).toBe(effects.length);
  expect(effects.filter(([, tool]) => tool === "pay")).toHaveLength(payments);
  expect(effects.filter(([, tool]) => tool === "note")).toHaveLength(1);
  if (output.seen !== "") expect(new Set([output.seen, ...effects.map(([, , mark]) => mark)]).size).toBe(1);
  expect(output.notes.startsWith("first\n")).toBe(true);
  expect(output.notes.match(/first/g)).toHaveLength(1);
}

const noEngine = process.env.CODELET_DOCKER_ENGINE === undefined;
if (noEngine) console.log("SKIPPED approvals in docker: CODELET_DOCKER_ENGINE and CODELET_DOCKER_IMAGE are not set");

describe.each(["local", "wasm", "docker"])("approvals that outlive the process, in %s", (executor) => {
  const count = isFull && executor === "local" ? 1_000 : executor === "local" ? 10 : 3;
  const it = noEngine && executor === "docker" ? test.skip : test;

  it(`suspends ${count} runs in the middle of a loop, and each payment happens once`, { timeout: 3_600_000 }, async () => {
    for (let first = 0; first < count; first += batch) {
      const ids = Array.from({ length: Math.min(batch, count - first) }, (_, index) => `${executor}-loop-${first + index}`);
      expect(await untilDone(executor, "loop", ids, all)).toBe(4);
      for (const id of ids) {
        expectOnce(id, 3);
        expect(readStored(path.join(folder, `${id}.json`))).toMatchObject({ output: { total: 60, notes: "first\nlast\n" } });
      }
    }
  });

  it("answers two calls of a gather in reverse order, each in a process of its own", { timeout: 120_000 }, async () => {
    const ids = [`${executor}-gather-1`, `${executor}-gather-2`];
    expect(await untilDone(executor, "gather", ids, lastFirst)).toBe(3);
    for (const id of ids) {
      expectOnce(id, 2);
      expect(readStored(path.join(folder, `${id}.json`))).toMatchObject({ output: { total: 30 } });
    }
  });

  it("says so when what it can't repeat is gone", { timeout: 120_000 }, async () => {
    const id = `${executor}-loop-lost`;
    await untilDone(executor, "loop", [id], all, 1);
    const stored = readStored(path.join(folder, `${id}.json`)) as StoredRun;
    // As if its sandbox were gone, and the program had read something else: it makes another call than the one that waits.
    const lost = { ...stored, resumeState: { ...stored.resumeState, sandboxes: {} } };
    const changed = JSON.stringify(lost).replaceAll(/"urandom":\["[\da-f]+"/g, '"urandom":["00"');
    writeFileSync(path.join(folder, `${id}.json`), changed);
    await untilDone(executor, "loop", [id], all);
    const { output } = readStored(path.join(folder, `${id}.json`)) as { output: string };
    expect(output).toMatch(/can't go on: .*Calls that it had made have happened; the one it waited for was not made/s);
    expect(effectsOf(id).filter(([, tool]) => tool === "pay")).toHaveLength(0);
  });

  it("goes on in a managed agent, and in its manager", { timeout: 120_000 }, async () => {
    const id = `${executor}-team`;
    expect(await untilDone(executor, "team", [id], all)).toBe(3);
    expectOnce(id, 2);
    expect(readStored(path.join(folder, `${id}.json`))).toMatchObject({ output: { total: 30 } });
  });
});

it("goes on with several tool calls of one answer", { timeout: 60_000 }, async () => {
  expect(await untilDone("local", "tool-calling", ["calls"], lastFirst)).toBe(3);
  expectOnce("calls", 2);
});
