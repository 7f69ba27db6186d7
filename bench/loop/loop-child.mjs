// `node --expose-gc loop-child.mjs <system> <sample budget in ms> <longest run in ms> <N>…`: one system in one process.
import { RECORD_BYTES } from "./script.mjs";

const STEPS_PER_SAMPLE = 1_000; // the same number for every N, so that each sample pays for its share of garbage collection
const WARM_UP_MS = 600;

const [system, ...numbers] = process.argv.slice(2);
const [budgetMs, longestRunMs, ...sizes] = numbers.map(Number);
const { run, modelBytes } = await import(`./${system}.mjs`);

await warmUp();
const results = {};
let perStepUs = 0;
for (const size of sizes) {
  if ((perStepUs * size) / 1_000 > longestRunMs) break;
  results[size] = await measureSize(size);
  perStepUs = results[size].cpuUs;
}
console.log(JSON.stringify(results));
process.exit(0);

async function warmUp() {
  const endsAt = performance.now() + WARM_UP_MS;
  await run(10);
  do await run(50);
  while (performance.now() < endsAt);
}

async function measureSize(size) {
  const endsAt = performance.now() + budgetMs;
  const samples = [];
  do samples.push(await measureSample(size));
  while (performance.now() < endsAt);
  const cpuUs = Math.min(...samples.map((sample) => sample.cpuUs));
  const heldBytes = Math.min(...samples.map((sample) => sample.heldBytes));
  return { cpuUs, heldBytes, ownBytes: RECORD_BYTES + modelBytes(size - 1) };
}

/** CPU of the whole process per turn, and what the last result keeps alive. */
async function measureSample(size) {
  const runs = Math.ceil(STEPS_PER_SAMPLE / size);
  const heapBefore = await settledHeap();
  const cpuBefore = process.cpuUsage();
  let result;
  for (let count = 0; count < runs; count++) result = await run(size);
  const { user, system } = process.cpuUsage(cpuBefore);
  const heldBytes = ((await settledHeap()) - heapBefore) / (size + 1);
  if (result === undefined) throw new Error("The result has to be alive until here.");
  return { cpuUs: (user + system) / (runs * (size + 1)), heldBytes };
}

async function settledHeap() {
  for (let turn = 0; turn < 3; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    globalThis.gc();
  }
  return process.memoryUsage().heapUsed;
}
