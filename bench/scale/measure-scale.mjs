import path from "node:path";
import { runChild } from "../child.mjs";

const file = (name) => path.join(import.meta.dirname, name);

/** Many runs at once, and one very long one. */
export async function measure({ quick }) {
  const repetitions = quick ? 1 : 5;
  const steps = quick ? 4_000 : 10_000;
  const many = await best(
    repetitions,
    () => runChild(file("many-child.mjs"), [1_000, 20]),
    ({ lagP99Ms }) => lagP99Ms,
  );
  const perHundred = ({ lastMs, firstMs }) => lastMs / firstMs;
  const long = (...how) => best(repetitions, () => runChild(file("long-child.mjs"), [steps, ...how], { nodeFlags: ["--expose-gc"] }), perHundred);
  const whole = await long();
  const compacted = await long("compact");
  if (many.leaks > 0) throw new Error(`${many.leaks} runs saw another run's marker`);
  const subject = "codelet";
  return [
    { subject, measure: "1,000 runs x 20 steps: lag, p99", unit: "ms", value: many.lagP99Ms },
    { subject, measure: "1,000 runs x 20 steps", unit: "steps/s", value: many.stepsPerSecond },
    ...[
      ["compacted", compacted],
      ["whole prompt", whole],
    ].map(([how, { lastMs, firstMs }]) => {
      return { subject, measure: `last 100 of ${steps} steps, ${how}`, unit: "ms", value: lastMs, ratio: lastMs / firstMs, ratioTo: "first 100" };
    }),
    { subject, measure: `memory per step of ${steps}`, unit: "bytes", value: whole.bytesPerStep, ratio: whole.unevenness, ratioTo: "its least" },
  ];
}

async function best(repetitions, run, rank) {
  const results = [];
  for (let count = 0; count < repetitions; count++) results.push(await run());
  return results.sort((a, b) => rank(a) - rank(b))[0];
}
