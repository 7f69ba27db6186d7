import path from "node:path";
import { runChild } from "../child.mjs";
import { prepareBareDeno } from "./bare-deno.mjs";
import { runInPlainPython, SNIPPETS } from "./snippets.mjs";
import { SUBJECTS } from "./subjects.mjs";

const FULL = { coldRounds: 5, sessionsPerProcess: 3, warmPasses: 3, roundsPerPass: 10, pythonRepetitions: 5 };
const QUICK = { coldRounds: 2, sessionsPerProcess: 2, warmPasses: 1, roundsPerPass: 4, pythonRepetitions: 2 };
const MEASURES = ["cold, first of a process", "cold", "cold, from a pool", "warm exec", "tool call"];

/** Cold start, warm execution, tool calls and snippets; whatever isn't built yet or doesn't run here is skipped with its reason. */
export async function measure({ quick }) {
  const plan = quick ? QUICK : FULL;
  const skipped = new Map();
  for (const { id } of SUBJECTS) {
    // Also fills the caches that an executor makes once per machine, such as a snapshot.
    const { failure } = await runExecutor("cold-child.mjs", id, 2);
    if (failure !== undefined) skipped.set(id, failure);
  }
  const running = SUBJECTS.filter(({ id }) => !skipped.has(id));
  const cold = await measureCold(running, plan);
  const warm = await measureWarm(running, plan);
  const floors = [
    { subject: "pipe echo (node, cat)", measure: "round trip", value: warm.echoUs, unit: "us" },
    { subject: "bare Python loop", measure: "warm exec", value: warm.bareUs, unit: "us", ratio: warm.bareUs / warm.echoUs, ratioTo: "echo" },
    ...(cold.bareDenoMs === undefined ? [] : [{ subject: "bare Deno + snapshot", measure: "cold", value: cold.bareDenoMs, unit: "ms" }]),
  ];
  const rows = SUBJECTS.flatMap(({ id, name }) =>
    skipped.has(id)
      ? MEASURES.map((measure) => ({ subject: name, measure, skipped: skipped.get(id) }))
      : [...coldRows(id, name, cold), ...warmRows(id, name, warm), ...snippetRows(id, name, warm)],
  );
  return [...floors, ...rows];
}

async function runExecutor(file, id, ...parameters) {
  const { failure, ...result } = await runChild(path.join(import.meta.dirname, file), [id, ...parameters]);
  return { failure, result };
}

/** Round by round, so that a busy minute meets all of them. */
async function measureCold(running, { coldRounds, sessionsPerProcess }) {
  const best = new Map(running.map(({ id }) => [id, {}]));
  const startBareDeno = running.some(({ id }) => id === "wasm") ? await prepareBareDeno() : undefined;
  let bareDenoMs = Number.POSITIVE_INFINITY;
  for (let round = 0; round < coldRounds; round++) {
    if (startBareDeno !== undefined) bareDenoMs = Math.min(bareDenoMs, await startBareDeno());
    for (const { id } of running) {
      keepBest(best.get(id), (await succeed("cold-child.mjs", id, sessionsPerProcess)).times);
      keepBest(best.get(id), (await succeed("pool-child.mjs", id, sessionsPerProcess)).times);
    }
  }
  return { best, bareDenoMs: startBareDeno && bareDenoMs };
}

async function measureWarm(running, { warmPasses, roundsPerPass, pythonRepetitions }) {
  const best = new Map(running.map(({ id }) => [id, {}]));
  const plain = {};
  const floor = {};
  for (let pass = 0; pass < warmPasses; pass++) {
    const answers = await runInPlainPython(pythonRepetitions);
    keepBest(plain, Object.fromEntries(Object.entries(answers).map(([name, { ms }]) => [name, ms])));
    for (const { id } of running) {
      const result = await succeed("warm-child.mjs", id, roundsPerPass);
      compareAnswers(id, result.answers, answers);
      keepBest(best.get(id), result.times);
      keepBest(floor, { echoUs: result.times.echoUs, bareUs: result.times.bareUs });
    }
  }
  return { best, plain, ...floor };
}

async function succeed(file, id, ...parameters) {
  const { failure, result } = await runExecutor(file, id, ...parameters);
  if (failure !== undefined) throw new Error(`${id}: ${failure}`);
  return result;
}

function compareAnswers(id, answers, expected) {
  for (const name of Object.keys(SNIPPETS)) {
    if (answers[name] !== expected[name].answer)
      throw new Error(`${name} is ${answers[name]} in ${id} and ${expected[name].answer} in plain Python.`);
  }
}

function keepBest(best, times) {
  for (const [name, value] of Object.entries(times)) best[name] = Math.min(best[name] ?? value, value);
}

function coldRows(id, subject, { best, bareDenoMs }) {
  const { firstMs, nextMs, plainMs, pooledMs } = best.get(id);
  const compare = (value) => (id === "wasm" ? { ratio: value / bareDenoMs, ratioTo: "bare Deno" } : {});
  return [
    { subject, measure: MEASURES[0], value: firstMs, unit: "ms", ...compare(firstMs) },
    { subject, measure: MEASURES[1], value: nextMs, unit: "ms", ...compare(nextMs) },
    { subject, measure: MEASURES[2], value: pooledMs, unit: "ms", ratio: pooledMs / plainMs, ratioTo: "cold" },
  ];
}

function warmRows(id, subject, { best, echoUs }) {
  const { warmUs, toolUs } = best.get(id);
  return [
    { subject, measure: MEASURES[3], value: warmUs, unit: "us", ratio: warmUs / echoUs, ratioTo: "echo" },
    { subject, measure: MEASURES[4], value: toolUs, unit: "us", ratio: toolUs / echoUs, ratioTo: "echo" },
  ];
}

function snippetRows(id, subject, { best, plain }) {
  return Object.keys(SNIPPETS).map((name) => {
    const value = best.get(id)[name];
    return { subject, measure: `snippet: ${name}`, value, unit: "ms", ratio: value / plain[name], ratioTo: "CPython" };
  });
}
