// `node carrier-child.mjs <carrier> <repetitions>`: from an empty place to a result, one step after the other, calls, large values, many at once; the best of each.
import { runStep } from "../executors/drive.mjs";
import { report } from "../executors/report.mjs";
import { SUBJECTS } from "./subjects.mjs";

const STEPS = 200;
const CALLS = 300;
const AT_ONCE = 20;
const MEGABYTES = 8;

const ECHO = { name: "echo", description: "Its argument.", inputSchema: { type: "object", properties: { value: {} }, required: ["value"] } };
const [id, repetitions] = process.argv.slice(2);
const times = {};

await report(async () => {
  const { executor, beside, close } = await SUBJECTS.find((subject) => subject.id === id).start();
  const text = "x".repeat(MEGABYTES * 1_000_000);
  for (let repetition = 0; repetition < Number(repetitions); repetition++) {
    const startedAt = performance.now();
    const session = await executor.open({ tools: [ECHO] });
    keepBest("createMs", performance.now() - startedAt);
    await runStep(session, "6 * 7");
    keepBest("firstMs", performance.now() - startedAt);
    await time("warmMs", STEPS, async () => {
      for (let step = 0; step < STEPS; step++) await runStep(session, "x = 1");
    });
    await time("toolMs", CALLS, () => runStep(session, `for n in range(${CALLS}):\n    echo(n)`, ({ args }) => args[0]));
    await time("inMs", 1, () => runStep(session, "len(echo(0))", () => text));
    await time("outMs", 1, () => runStep(session, `echo("y" * ${text.length})\nNone`, () => 0));
    await session[Symbol.asyncDispose]();
    if (beside !== undefined) await time("besideMs", 1, beside.run);
  }
  await time("manyMs", 1, async () => {
    const sessions = await Promise.all(Array.from({ length: AT_ONCE }, () => executor.open()));
    await Promise.all(sessions.map((session) => runStep(session, "6 * 7")));
    await Promise.all(sessions.map((session) => session[Symbol.asyncDispose]()));
  });
  await close();
  return { times, beside: beside?.name };
});

async function time(name, turns, act) {
  const startedAt = performance.now();
  await act();
  keepBest(name, (performance.now() - startedAt) / turns);
}

function keepBest(name, value) {
  times[name] = Math.min(times[name] ?? value, value);
}
