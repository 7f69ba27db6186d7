// `node --expose-gc loop-child.mjs <system> <budget in ms> <longest run in ms> <N>…`: one system in one process.
import { RECORD_BYTES } from "./script.mjs";

const STEPS_PER_SAMPLE = 1_000; // the same number for every N, so that each sample pays for its share of garbage collection
const WARM_UP_MS = 1_500;
const HELD_STEPS = 300;

const [system, ...numbers] = process.argv.slice(2);
const [budgetMs, longestRunMs, ...sizes] = numbers.map(Number);
const { run, modelBytes } = await import(`./${system}.mjs`);

await warmUp();
const cpuUs = await measureCpu();
// Last, because a forced collection shrinks the young generation, and the next runs would pay for it to grow again.
const heldBytes = await measureHeap(HELD_STEPS);
console.log(JSON.stringify({ cpuUs, heldBytes, ownBytes: RECORD_BYTES + modelBytes(HELD_STEPS - 1) }));
process.exit(0);

/** The compiler's threads count as CPU too: without this the first sizes would pay for the last. */
async function warmUp() {
  const endsAt = performance.now() + WARM_UP_MS;
  await run(10);
  do await run(50);
  while (performance.now() < endsAt);
}

/** The best sample of each size, in turns. A size that takes too long, by the cost of the one before, is left out. */
async function measureCpu() {
  const endsAt = performance.now() + budgetMs;
  const best = {};
  do {
    let lastUs = 0;
    for (const size of sizes) {
      if ((lastUs * size) / 1_000 > longestRunMs) break;
      if (isLong(best[size], size)) continue;
      lastUs = await sampleCpu(size);
      best[size] = Math.min(best[size] ?? lastUs, lastUs);
    }
  } while (performance.now() < endsAt);
  return best;
}

/** Whether a sample is too long to have a second one. */
function isLong(us, size) {
  return us !== undefined && (us * Math.max(size, STEPS_PER_SAMPLE)) / 1_000 > budgetMs;
}

/** CPU of the whole process per turn. */
async function sampleCpu(size) {
  const runs = Math.ceil(STEPS_PER_SAMPLE / size);
  const before = process.cpuUsage();
  for (let count = 0; count < runs; count++) await run(size);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / (runs * (size + 1));
}

/** What a result keeps alive, per turn. */
async function measureHeap(size) {
  const before = await settledHeap();
  const result = await run(size);
  const heldBytes = ((await settledHeap()) - before) / (size + 1);
  if (result === undefined) throw new Error("The result has to be alive until here.");
  return heldBytes;
}

async function settledHeap() {
  for (let turn = 0; turn < 3; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    globalThis.gc();
  }
  return process.memoryUsage().heapUsed;
}
