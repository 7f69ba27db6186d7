import path from "node:path";
import { runChild } from "../child.mjs";
import { prepareBareDeno } from "./bare-deno.mjs";
import { PLACEMENTS } from "./placement.mjs";
import { runInPlainPython, SNIPPETS } from "./snippets.mjs";
import { SUBJECTS } from "./subjects.mjs";

const FULL = { coldRounds: 5, sessionsPerProcess: 3, warmPasses: 3, roundsPerPass: 10, pythonRepetitions: 5 };
const QUICK = { coldRounds: 2, sessionsPerProcess: 2, warmPasses: 1, roundsPerPass: 4, pythonRepetitions: 2 };
const PLACES = Object.keys(PLACEMENTS);
const PLACE_NAMES = { apart: ", two processors", together: ", one processor", unpinned: "" };
const COLD = ["cold, first of a process", "cold", "cold, from a pool"];
const WARM = PLACES.flatMap((place) => ["warm exec", "tool call"].map((measure) => measure + PLACE_NAMES[place]));

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
    ...PLACES.flatMap((place) => floorRows(PLACE_NAMES[place], warm.floors[place])),
    ...(cold.bareDenoMs === undefined ? [] : [{ subject: "bare Deno + snapshot", measure: "cold", value: cold.bareDenoMs, unit: "ms" }]),
  ];
  const rows = SUBJECTS.flatMap(({ id, name }) =>
    skipped.has(id)
      ? [...COLD, ...WARM].map((measure) => ({ subject: name, measure, skipped: skipped.get(id) }))
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
  const best = new Map(running.map(({ id }) => [id, Object.fromEntries(PLACES.map((place) => [place, {}]))]));
  const floors = Object.fromEntries(PLACES.map((place) => [place, {}]));
  const plain = {};
  for (let pass = 0; pass < warmPasses; pass++) {
    const answers = await runInPlainPython(pythonRepetitions);
    keepBest(plain, Object.fromEntries(Object.entries(answers).map(([name, { ms }]) => [name, ms])));
    for (const place of PLACES) {
      for (const { id } of running) {
        const result = await succeed("warm-child.mjs", id, roundsPerPass, place);
        compareAnswers(id, result.answers, answers);
        keepBest(best.get(id)[place], result.times);
        keepBest(floors[place], { echoUs: result.times.echoUs, bareUs: result.times.bareUs });
      }
    }
  }
  return { best, plain, floors };
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

function floorRows(where, { echoUs, bareUs }) {
  return [
    { subject: "pipe echo (node, cat)", measure: `round trip${where}`, value: echoUs, unit: "us" },
    { subject: "bare Python loop", measure: `warm exec${where}`, value: bareUs, unit: "us", ratio: bareUs / echoUs, ratioTo: "echo" },
  ];
}

function coldRows(id, subject, { best, bareDenoMs }) {
  const { firstMs, nextMs, plainMs, pooledMs } = best.get(id);
  const compare = (value) => (id === "wasm" ? { ratio: value / bareDenoMs, ratioTo: "bare Deno" } : {});
  return [
    { subject, measure: COLD[0], value: firstMs, unit: "ms", ...compare(firstMs) },
    { subject, measure: COLD[1], value: nextMs, unit: "ms", ...compare(nextMs) },
    { subject, measure: COLD[2], value: pooledMs, unit: "ms", ratio: pooledMs / plainMs, ratioTo: "cold" },
  ];
}

function warmRows(id, subject, { best, floors }) {
  const rows = PLACES.flatMap((place) => {
    const { warmUs, toolUs } = best.get(id)[place];
    return [warmUs, toolUs].map((value) => ({ value, unit: "us", ratio: value / floors[place].echoUs, ratioTo: "echo" }));
  });
  return rows.map((row, index) => ({ subject, measure: WARM[index], ...row }));
}

function snippetRows(id, subject, { best, plain }) {
  return Object.keys(SNIPPETS).map((name) => {
    const value = Math.min(...PLACES.map((place) => best.get(id)[place][name]));
    return { subject, measure: `snippet: ${name}`, value, unit: "ms", ratio: value / plain[name], ratioTo: "CPython" };
  });
}
