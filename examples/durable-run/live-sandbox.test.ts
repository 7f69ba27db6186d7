import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type E2bServer, startE2bServer } from "@codelet/local-e2b";
import Docker from "dockerode";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Moment } from "./testing/dying-database.ts";

const folder = mkdtempSync(path.join(tmpdir(), "codelet-live-"));
const program = path.join(import.meta.dirname, "testing", "dying-live-run.ts");
const { CODELET_DOCKER_ENGINE: engine, CODELET_TEST_PYTHON: python } = process.env;
if (engine === undefined) console.log("SKIPPED sandboxes in docker that outlive their host: CODELET_DOCKER_ENGINE is not set");

/** E2B's protocol, served here: its sandboxes outlive the hosts, which are processes of their own. */
let server: E2bServer;
let requests = 0;
beforeAll(async () => {
  server = await startE2bServer({ python, onRequest: () => requests++ });
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Effect {
  readonly key: string;
  readonly n: number;
  readonly value: number;
}

/** A process that goes on with the run, until its end or its death. */
function host(name: string, kind: string, where: string, entries: number, moment: Moment | "slow") {
  const files = [path.join(folder, `${name}.db`), path.join(folder, `${name}.effects`)];
  const environment = { E2B_API_KEY: server.apiKey, E2B_API_URL: server.url, E2B_SANDBOX_URL: server.url };
  const child = spawn(process.execPath, [program, ...files, kind, where, String(entries), String(moment)], {
    env: { ...process.env, ...environment },
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => (stdout += chunk));
  child.stderr.on("data", (chunk) => (stderr += chunk));
  const ended = new Promise<{ readonly status: number | null; readonly signal: string | null; readonly stdout: string; readonly stderr: string }>(
    (resolve) => {
      child.on("close", (status, signal) => {
        const warnings = /.*(ExperimentalWarning: SQLite|node --trace-warnings).*\n/g;
        resolve({ status, signal, stdout, stderr: stderr.replaceAll(warnings, "") });
      });
    },
  );
  return { child, ended };
}

/** What tools have done so far, in all processes. */
function effectsOf(name: string): readonly Effect[] {
  const file = path.join(folder, `${name}.effects`);
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").trim().split("\n");
  return lines.map((line) => JSON.parse(line) as Effect);
}

/** The keys of the journal, with the run's id in front. */
function recorded(name: string): readonly string[] {
  const file = path.join(folder, `${name}.db`);
  if (!existsSync(file)) return [];
  const database = new DatabaseSync(file);
  const rows = database.prepare("select run_id || '/' || key as key from entries").all();
  database.close();
  return rows.map(({ key }) => String(key));
}

/** All that the journal knows, as text: also how sandboxes are found. */
function journalOf(name: string): string {
  const database = new DatabaseSync(path.join(folder, `${name}.db`));
  const rows = database.prepare("select value from entries").all();
  database.close();
  return rows.map(({ value }) => String(value)).join("\n");
}

/** The sandboxes that there are, by the place they are in. */
const sandboxesIn: Readonly<Record<string, () => Promise<readonly string[]>>> = {
  e2b: async () => [...server.sandboxes.values()].filter(({ state }) => state !== "ended").map(({ id }) => id),
  docker: async () => {
    const containers = await new Docker({ socketPath: engine }).listContainers({ all: true });
    return containers.map(({ Id }) => Id);
  },
};

/** Each kind of run: how many calls it makes, and what its programs have counted. */
const kinds = [
  { kind: "loop", calls: 10, log: "first loop 0 1 2 3 gather gathered long longer last " },
  { kind: "approval", calls: 3, log: "first paid both last " },
  { kind: "team", calls: 4, log: "first team last " },
];

describe.each(["e2b", "docker"])("a sandbox of %s that outlives its host", (where) => {
  const it = where === "docker" && engine === undefined ? test.skip : test;
  const sandboxes = sandboxesIn[where] as () => Promise<readonly string[]>;

  it.for(kinds)(
    "is found again wherever the host of a run of the kind $kind is killed: nothing that it has done is done again",
    { timeout: 240_000 },
    async ({ kind, calls, log }) => {
      const name = `${where}-${kind}`;
      const moments: readonly Moment[] = ["after", "before", 3, 30, 150];
      let kills = 0;
      let effects: readonly Effect[] = [];
      let output: unknown;
      for (;;) {
        const known = recorded(name);
        const done = effectsOf(name).length;
        const moment = moments[kills % moments.length] as Moment;
        const entries = 2 + (kills % 4);
        kills++;
        const ended = await host(name, kind, where, entries, moment).ended;
        for (const { key } of effectsOf(name).slice(done)) expect(known).not.toContain(key);
        if (ended.signal === "SIGKILL" || ended.status === 3) continue;
        expect(ended.stderr).toBe("");
        const result = JSON.parse(ended.stdout);
        expect(JSON.stringify(result.steps)).not.toMatch(/ProgramNotResumed|SandboxCrashed/);
        expect(result.output, JSON.stringify(result.steps, null, 1)).toMatchObject({ x: log.split(" ").length - 1, log });
        effects = effectsOf(name);
        output = result.output;
        expect(new Set(effects.map(({ key }) => key)).size).toBe(calls);
        expect(result.output.xs).toHaveLength(calls);
        expect(effects.map(({ value }) => value)).toEqual(expect.arrayContaining(result.output.xs));
        break;
      }
      expect(kills).toBeGreaterThan(5);
      // What no entry leads to yet when its host dies ends as an orphan.
      const known = journalOf(name);
      expect((await sandboxes()).filter((id) => known.includes(id))).toEqual([]);

      const asked = requests;
      const again = await host(name, kind, where, 0, "after").ended;
      expect([JSON.parse(again.stdout).output, effectsOf(name), requests]).toEqual([output, effects, asked]);
    },
  );

  it("is the later host's where the one before is only slow: that one is left at its next entry, and does nothing more", {
    timeout: 60_000,
  }, async () => {
    const name = `${where}-slow`;
    const slow = host(name, "loop", where, 0, "slow"); // in its second call
    await expect.poll(() => effectsOf(name).length, { timeout: 30_000 }).toBe(2);
    const known = recorded(name);
    const later = await host(name, "loop", where, 0, "after").ended;
    const effects = effectsOf(name);
    slow.child.kill("SIGCONT");
    expect(await slow.ended).toMatchObject({ status: 1, stderr: expect.stringContaining("Another process has taken over run loop.") });
    expect(JSON.parse(later.stdout).output).toMatchObject({ x: 11, log: "first loop 0 1 2 3 gather gathered long longer last " });
    expect(new Set(effects.map(({ key }) => key)).size).toBe(10);
    for (const key of known) expect(effects.filter((effect) => effect.key === key).length).toBeLessThan(2);
    expect(effectsOf(name)).toEqual(effects);
  });
});
