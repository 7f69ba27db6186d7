// `node warm-child.mjs <executor> <rounds> <placement>`: one session beside a pipe echo, round by round; the best mean of each.
import { BarePython } from "./bare-python.mjs";
import { runStep } from "./drive.mjs";
import { Echo } from "./echo.mjs";
import { place } from "./placement.mjs";
import { report } from "./report.mjs";
import { SNIPPETS } from "./snippets.mjs";
import { loadSubject } from "./subjects.mjs";

// Samples of about the same length, so that each has the same luck with a busy machine.
const ECHOES_PER_SAMPLE = 1_000;
const STEPS_PER_SAMPLE = 300;
const CALLS_PER_PROGRAM = 1_000;
const WARM_UP_TURNS = 3_000;
const ROUNDS_PER_SNIPPETS = 3;

const CALLING = `total = 0\nfor number in range(${CALLS_PER_PROGRAM}):\n    total += double(number=number)\ntotal`;
const INPUT = { type: "object", properties: { number: { type: "integer" } }, required: ["number"], additionalProperties: false };
const DOUBLE = { name: "double", description: "Twice the number.", inputSchema: INPUT };

const [id, rounds, placement] = process.argv.slice(2);
const times = {};

await report(async () => {
  const executor = await loadSubject(id);
  const session = await executor.open({ tools: [DOUBLE] });
  const echo = new Echo();
  const python = new BarePython();
  let answers = {};
  await runStep(session, "x = 0");
  place(placement);
  // V8 takes thousands of turns until it has compiled a path for good; a run of an agent is not measured by its first steps either.
  await meanUs(WARM_UP_TURNS, () => echo.roundTrip());
  await meanUs(WARM_UP_TURNS, () => python.runStep());
  await meanUs(WARM_UP_TURNS, () => runStep(session, "x = x + 1"));
  await meanUs(WARM_UP_TURNS / CALLS_PER_PROGRAM, () => callTools(session));
  for (let round = 0; round < Number(rounds); round++) {
    keepBest("echoUs", await meanUs(ECHOES_PER_SAMPLE, () => echo.roundTrip()));
    keepBest("bareUs", await meanUs(STEPS_PER_SAMPLE, () => python.runStep()));
    keepBest("warmUs", await meanUs(STEPS_PER_SAMPLE, () => runStep(session, "x = x + 1")));
    keepBest("toolUs", (await meanUs(1, () => callTools(session))) / CALLS_PER_PROGRAM);
    if (round % ROUNDS_PER_SNIPPETS === 0) answers = await runSnippets(session);
  }
  await Promise.all([echo.end(), python.end(), session[Symbol.asyncDispose]()]);
  return { times, answers };
});

async function callTools(session) {
  const total = await runStep(session, CALLING, ({ args, kwargs }) => 2 * (kwargs.number ?? args[0]));
  if (total !== CALLS_PER_PROGRAM * (CALLS_PER_PROGRAM - 1)) throw new Error(`The calls add up to ${total}.`);
}

async function runSnippets(session) {
  const answers = {};
  for (const [name, source] of Object.entries(SNIPPETS)) {
    keepBest(name, (await meanUs(1, () => runStep(session, source))) / 1_000);
    answers[name] = await runStep(session, "answer");
  }
  return answers;
}

async function meanUs(turns, act) {
  const startedAt = performance.now();
  for (let turn = 0; turn < turns; turn++) await act();
  return ((performance.now() - startedAt) * 1_000) / turns;
}

function keepBest(name, value) {
  times[name] = Math.min(times[name] ?? value, value);
}
