// `node cold-child.mjs <executor> <sessions>`: from `open` to the first result, for the first session of a process and for the next ones.
import { openMs } from "./open-ms.mjs";
import { report } from "./report.mjs";
import { loadSubject } from "./subjects.mjs";

const [id, sessions] = process.argv.slice(2);

await report(async () => {
  const executor = await loadSubject(id);
  const timesMs = [];
  for (let count = 0; count < Number(sessions); count++) timesMs.push(await openMs(executor));
  const [firstMs, ...nextMs] = timesMs;
  return { times: { firstMs, nextMs: Math.min(...nextMs) } };
});
