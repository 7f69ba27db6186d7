import path from "node:path";
import { runChild } from "../child.mjs";

const file = (name) => path.join(import.meta.dirname, name);

/** Many runs at once, and one very long one. */
export async function measure({ quick }) {
  const repetitions = quick ? 1 : 5;
  const steps = quick ? 4_000 : 10_000;
  const many = await repeat(repetitions, () => runChild(file("many-child.mjs"), [1_000, 20]));
  const long = (...how) => repeat(repetitions, () => runChild(file("long-child.mjs"), [steps, ...how], { nodeFlags: ["--expose-gc"] }));
  const whole = await long();
  const compacted = await long("compact");
  if (many.some(({ leaks }) => leaks > 0)) throw new Error(`${many.leaks} runs saw another run's marker`);
  const subject = "codelet";
  return [
    { subject, measure: "1,000 runs x 20 steps: lag, p99", unit: "ms", value: least(many, "lagP99Ms") },
    { subject, measure: "1,000 runs x 20 steps", unit: "steps/s", value: Math.max(...many.map(({ stepsPerSecond }) => stepsPerSecond)) },
    ...[
      ["compacted", compacted],
      ["whole prompt", whole],
    ].map(([how, runs]) => {
      // Each by its own: of a pair, a collection of garbage in the first hundred would look like the best.
      const value = least(runs, "lastMs");
      return {
        subject,
        measure: `last 100 of ${steps} steps, ${how}`,
        unit: "ms",
        value,
        ratio: value / least(runs, "firstMs"),
        ratioTo: "first 100",
      };
    }),
    {
      subject,
      measure: `memory per step of ${steps}`,
      unit: "bytes",
      value: least(whole, "bytesPerStep"),
      ratio: least(whole, "unevenness"),
      ratioTo: "its least",
    },
  ];
}

async function repeat(repetitions, run) {
  const results = [];
  for (let count = 0; count < repetitions; count++) results.push(await run());
  return results;
}

function least(results, name) {
  return Math.min(...results.map((result) => result[name]));
}
