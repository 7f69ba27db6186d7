// `node pool-child.mjs <executor> <sessions>`: from `open` to the first result, of the executor and of a pool of it that has waited, turn by turn; the best of each.
import { poolExecutor } from "@codelet/core/pool-executor";
import { openMs } from "./open-ms.mjs";
import { report } from "./report.mjs";
import { loadSubject } from "./subjects.mjs";

const [id, sessions] = process.argv.slice(2);

await report(async () => {
  const executor = await loadSubject(id);
  const pool = poolExecutor(executor, { size: 1 });
  const times = { plainMs: Number.POSITIVE_INFINITY, pooledMs: Number.POSITIVE_INFINITY };
  for (let count = 0; count < Number(sessions); count++) {
    times.plainMs = Math.min(times.plainMs, await openMs(executor));
    await pool.warm();
    times.pooledMs = Math.min(times.pooledMs, await openMs(pool));
    await pool.warm(); // or what is opened behind the caller's back would cost the next turn
  }
  await pool[Symbol.asyncDispose]();
  return { times };
});
