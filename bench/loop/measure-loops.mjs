import path from "node:path";
import { runChild } from "../child.mjs";
import { SYSTEMS } from "./systems.mjs";

const SIZES = [10, 100, 1_000];
const LARGEST = SIZES.at(-1);
const TOO_SLOW = { skipped: `a run of ${LARGEST} steps would take too long, by the cost of shorter ones` };
// A system that grows fast takes a minute for one long run: it has one only.
const FULL = { rounds: 3, budgetMs: 5_000, longestRunMs: 30_000, longestRepeatedRunMs: 1_000 };
const QUICK = { rounds: 1, budgetMs: 1_000, longestRunMs: 2_000, longestRepeatedRunMs: 0 };

/** CPU per step and bytes held per step, each system in a process of its own, round by round. */
export async function measure({ quick }) {
  const { rounds, budgetMs, longestRunMs, longestRepeatedRunMs } = quick ? QUICK : FULL;
  const found = new Map(SYSTEMS.map(({ id }) => [id, { cpuUs: {} }]));
  for (let round = 0; round < rounds; round++) {
    for (const { id } of SYSTEMS) {
      const parameters = [id, budgetMs, round === 0 ? longestRunMs : longestRepeatedRunMs, ...SIZES];
      keepBest(found.get(id), await runChild(path.join(import.meta.dirname, "loop-child.mjs"), parameters, { nodeFlags: ["--expose-gc"] }));
    }
  }
  const ours = found.get("codelet");
  return SYSTEMS.flatMap(({ id, name }) => rows(name, found.get(id), id === "codelet" ? undefined : ours));
}

function keepBest(best, { cpuUs, heldBytes, ownBytes }) {
  for (const [size, value] of Object.entries(cpuUs)) best.cpuUs[size] = Math.min(best.cpuUs[size] ?? value, value);
  best.heldBytes = Math.min(best.heldBytes ?? heldBytes, heldBytes);
  best.ownBytes = ownBytes;
}

function rows(subject, { cpuUs, heldBytes, ownBytes }, ours) {
  const perSize = SIZES.map((size) => {
    const comparison = ours && { ratio: cpuUs[size] / ours.cpuUs[size], ratioTo: "codelet" };
    return { subject, measure: `CPU per step, N=${size}`, unit: "us", ...(size in cpuUs ? { value: cpuUs[size], ...comparison } : TOO_SLOW) };
  });
  const growth = { subject, measure: `growth, N=${LARGEST} / N=100`, unit: "x" };
  return [
    ...perSize,
    { ...growth, ...(LARGEST in cpuUs ? { value: cpuUs[LARGEST] / cpuUs[100] } : TOO_SLOW) },
    { subject, measure: "held per step", unit: "bytes", value: heldBytes, ratio: heldBytes / ownBytes, ratioTo: "own data" },
  ];
}
