import path from "node:path";
import { runChild } from "../child.mjs";
import { SYSTEMS } from "./systems.mjs";

const SIZES = [10, 100, 1_000];
const LARGEST = SIZES.at(-1);
// A system that grows fast takes a minute for one long run: it has one only.
const FULL = { rounds: 3, budgetMs: 2_000, longestRunMs: 30_000, longestRepeatedRunMs: 1_000 };
const QUICK = { rounds: 1, budgetMs: 300, longestRunMs: 2_000, longestRepeatedRunMs: 0 };

/** CPU per step and bytes held per step, each system in a process of its own, round by round. */
export async function measure({ quick }) {
  const { rounds, budgetMs, longestRunMs, longestRepeatedRunMs } = quick ? QUICK : FULL;
  const found = new Map(SYSTEMS.map(({ id }) => [id, {}]));
  for (let round = 0; round < rounds; round++) {
    for (const { id } of SYSTEMS) {
      const parameters = [id, budgetMs, round === 0 ? longestRunMs : longestRepeatedRunMs, ...SIZES];
      keepBest(found.get(id), await runChild(path.join(import.meta.dirname, "loop-child.mjs"), parameters, { nodeFlags: ["--expose-gc"] }));
    }
  }
  const ours = found.get("codelet");
  return SYSTEMS.flatMap(({ id, name }) => rows(name, found.get(id), id === "codelet" ? undefined : ours));
}

function keepBest(best, result) {
  for (const [size, entry] of Object.entries(result)) {
    const { cpuUs, heldBytes } = best[size] ?? entry;
    best[size] = { ...entry, cpuUs: Math.min(cpuUs, entry.cpuUs), heldBytes: Math.min(heldBytes, entry.heldBytes) };
  }
}

function rows(subject, best, ours) {
  const perSize = SIZES.map((size) => {
    const row = { subject, measure: `CPU per step, N=${size}`, unit: "us" };
    if (best[size] === undefined) return { ...row, skipped: tooSlow(size) };
    const value = best[size].cpuUs;
    return { ...row, value, ...(ours && { ratio: value / ours[size].cpuUs, ratioTo: "codelet" }) };
  });
  const growth = { subject, measure: `growth, N=${LARGEST} / N=100`, unit: "x" };
  const held = { subject, measure: "held per step", unit: "bytes" };
  if (best[LARGEST] === undefined) return [...perSize, ...[growth, held].map((row) => ({ ...row, skipped: tooSlow(LARGEST) }))];
  const { heldBytes, ownBytes } = best[LARGEST];
  return [
    ...perSize,
    { ...growth, value: best[LARGEST].cpuUs / best[100].cpuUs },
    { ...held, value: heldBytes, ratio: heldBytes / ownBytes, ratioTo: "own data" },
  ];
}

function tooSlow(size) {
  return `a run of ${size} steps would take too long, by the cost of shorter ones`;
}
