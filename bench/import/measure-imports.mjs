import path from "node:path";
import { runChild } from "../child.mjs";
import { installedVersion } from "../setup.mjs";

const FULL_ROUNDS = 10;
const QUICK_ROUNDS = 3;

/** CPU of the import in a fresh process, with what the package imports in turn. */
export async function measure({ quick }) {
  const packages = [
    { subject: "codelet", specifier: "@codelet/core" },
    ...["ai", "@openai/agents"].map((name) => ({ subject: `${name} ${installedVersion(name)}`, specifier: name })),
  ];
  const bests = packages.map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round < (quick ? QUICK_ROUNDS : FULL_ROUNDS); round++) {
    for (const [index, { specifier }] of packages.entries()) {
      const { cpuMs } = await runChild(path.join(import.meta.dirname, "import-child.mjs"), [specifier]);
      bests[index] = Math.min(bests[index], cpuMs);
    }
  }
  return packages.map(({ subject }, index) => {
    const comparison = index > 0 && { ratio: bests[index] / bests[0], ratioTo: "codelet" };
    return { subject, measure: "CPU of import", value: bests[index], unit: "ms", ...comparison };
  });
}
