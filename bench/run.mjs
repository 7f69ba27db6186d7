// `node bench/run.mjs [--only loop,scale,import,bundle,executors,carriers] [--quick] [--no-build]`: measures, prints one table, appends JSON lines.
import { appendFileSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { buildWorkspace, installPeers } from "./setup.mjs";
import { renderTable } from "./table.mjs";
import { judge } from "./targets.mjs";

// Loaded after set-up: they import what it installs.
const GROUPS = {
  loop: () => import("./loop/measure-loops.mjs"),
  scale: () => import("./scale/measure-scale.mjs"),
  import: () => import("./import/measure-imports.mjs"),
  bundle: () => import("./bundle/measure-bundles.mjs"),
  executors: () => import("./executors/measure-executors.mjs"),
  carriers: () => import("./carriers/measure-carriers.mjs"),
};

const { only, quick, build } = readCommandLine();
installPeers();
if (build) buildWorkspace();

const surroundings = { at: new Date().toISOString(), node: process.version, cores: availableParallelism() };
const loadBefore = loadavg()[0];
const records = [];
for (const name of only) {
  console.error(`measuring: ${name}`);
  const { measure } = await GROUPS[name]();
  for (const record of await measure({ quick })) records.push(judge({ group: name, ...record }));
}
const load = [loadBefore, loadavg()[0]].map((value) => Number(value.toFixed(1)));

const resultsFile = path.join(import.meta.dirname, "results.jsonl");
appendFileSync(resultsFile, records.map((record) => `${JSON.stringify({ ...surroundings, load, quick, ...record })}\n`).join(""));
console.log(renderTable(records));
console.log(
  `\nNode ${surroundings.node}, ${surroundings.cores} cores, load ${load.join(" to ")}${quick ? ", quick: too few repetitions to quote" : ""}`,
);
if (Math.max(...load) > surroundings.cores) console.log("The machine was busier than it has cores: read ratios, not absolute numbers.");
console.log(`Every number is the best of its repetitions. Appended to ${path.relative(process.cwd(), resultsFile)}.`);

function readCommandLine() {
  const { values } = parseArgs({
    options: {
      only: { type: "string", default: Object.keys(GROUPS).join() },
      quick: { type: "boolean", default: false },
      "no-build": { type: "boolean", default: false },
    },
  });
  const names = values.only.split(",");
  const unknown = names.find((name) => !Object.hasOwn(GROUPS, name));
  if (unknown !== undefined) throw new TypeError(`Expected \`--only\` to name some of ${Object.keys(GROUPS).join(", ")}, got \`${unknown}\``);
  return { only: names, quick: values.quick, build: !values["no-build"] };
}
