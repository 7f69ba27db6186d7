// What the numbers are held to. `value` is a limit of the number itself, `ratio` of its ratio.
const TARGETS = [
  { group: "loop", subject: "codelet", measure: "CPU per step, N=100", value: 80 },
  { group: "loop", subject: "codelet", measure: "growth, N=1000 / N=100", value: 1.3 },
  { group: "loop", subject: "codelet", measure: "held per step", ratio: 2 },
  { group: "scale", subject: "codelet", measure: "1,000 runs x 20 steps: lag, p99", value: 100 },
  { group: "scale", subject: "codelet", measure: "last 100 of 10000 steps, compacted", ratio: 1.3 },
  { group: "scale", subject: "codelet", measure: "memory per step of 10000", ratio: 1.3 },
  { group: "import", subject: "codelet", measure: "CPU of import", value: 30 },
  { group: "bundle", subject: "codelet", measure: "min+gzip, at once", value: 25 },
  { group: "executors", subject: "local, no sandbox", measure: "cold", value: 50 },
  { group: "executors", subject: "local, no sandbox", measure: "cold, from a pool", ratio: 0.2 },
  { group: "executors", subject: "local, no sandbox", measure: "warm exec, two processors", ratio: 2 },
  { group: "executors", subject: "local, no sandbox", measure: "tool call, two processors", ratio: 2 },
  { group: "executors", subject: "local, bubblewrap", measure: "cold", value: 60 },
  { group: "executors", subject: "local, bubblewrap", measure: "cold, from a pool", ratio: 0.2 },
  { group: "executors", subject: "local, bubblewrap", measure: "warm exec, two processors", ratio: 2 },
  { group: "executors", subject: "local, bubblewrap", measure: "tool call, two processors", ratio: 2 },
  { group: "executors", subject: "wasm", measure: "cold", ratio: 1.3 },
  { group: "executors", subject: "wasm", measure: "cold, from a pool", ratio: 0.1 },
  { group: "executors", subject: "wasm", measure: "warm exec, two processors", ratio: 3 },
  { group: "executors", subject: "wasm", measure: "tool call, two processors", ratio: 2.5 },
];

/** The record with its target and a verdict, where it has one. */
export function judge(record) {
  const target = TARGETS.find(({ group, subject, measure }) => group === record.group && subject === record.subject && measure === record.measure);
  if (target === undefined || record.skipped !== undefined) return record;
  const isOk = target.ratio === undefined ? record.value <= target.value : record.ratio <= target.ratio;
  const { value, ratio } = target;
  return { ...record, target: { value, ratio }, verdict: isOk ? "ok" : "over" };
}
