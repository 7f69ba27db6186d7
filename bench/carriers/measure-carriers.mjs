import path from "node:path";
import { runChild } from "../child.mjs";
import { SUBJECTS } from "./subjects.mjs";

const MEASURES = [
  ["createMs", "create"],
  ["firstMs", "create and first exec"],
  ["warmMs", "warm exec"],
  ["toolMs", "tool call"],
  ["inMs", "8 MB in"],
  ["outMs", "8 MB out"],
  ["manyMs", "20 sessions at once, from open to closed"],
];

/** Each carrier beside a child process of this machine, and beside what its provider has to run a line of Python. */
export async function measure({ quick }) {
  const rows = [];
  let floor;
  for (const { id, name } of SUBJECTS) {
    const result = await runChild(path.join(import.meta.dirname, "carrier-child.mjs"), [id, quick ? 2 : 5]);
    if (result.failure !== undefined) {
      rows.push({ subject: name, measure: "all", skipped: result.failure });
      continue;
    }
    floor ??= result.times;
    for (const [key, measure] of MEASURES) {
      const value = result.times[key];
      const ratio = floor === result.times ? {} : { ratio: value / floor[key], ratioTo: "child process" };
      rows.push({ subject: name, measure, value, unit: "ms", ...ratio });
    }
    const { besideMs, warmMs } = result.times;
    if (besideMs !== undefined)
      rows.push({ subject: name, measure: `${result.beside}, warm`, value: besideMs, unit: "ms", ratio: besideMs / warmMs, ratioTo: "warm exec" });
  }
  return rows;
}
