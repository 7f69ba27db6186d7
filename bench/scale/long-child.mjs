// One long run: `node --expose-gc long-child.mjs <steps> [compact]`. How long its first and its last hundred steps take, and what memory a step costs.
import { CodeAgent, noUsage } from "@codelet/core";
import { compactObservations } from "@codelet/core/compaction";
import { fakeExecutor } from "@codelet/testing";

const steps = Number(process.argv[2]);
const compactor = process.argv[3] === "compact" ? compactObservations({ maxInputTokens: 50_000 }) : undefined;
let step = 0;
const model = {
  id: "script",
  async generate() {
    const code = ++step <= steps ? "print" : "answer";
    return { content: [{ type: "text", text: `Thought: step ${step}\n<code>\n${code}\n</code>` }], usage: noUsage, finishReason: "stop" };
  },
};
const executor = fakeExecutor(async ({ code, print, finalAnswer }) => {
  if (code === "answer") return finalAnswer(1);
  print(`step ${step}: `.padEnd(1_000, "x"));
  return null;
});
const times = [];
const heaps = [];
const run = new CodeAgent({ model, executor, compactor }).start("task", { maxSteps: steps + 1 });
for await (const event of run) {
  if (event.type !== "step-end") continue;
  times.push(performance.now());
  if (times.length % (steps / 4) === 0) {
    globalThis.gc();
    heaps.push(process.memoryUsage().heapUsed);
  }
}
const hundred = (end) => times[end - 1] - times[end - 101];
const grown = heaps.slice(1).map((heap, index) => (heap - heaps[index]) / (steps / 4));
// The first hundred after warm-up.
console.log(
  JSON.stringify({
    firstMs: hundred(1_100),
    lastMs: hundred(steps),
    bytesPerStep: Math.max(...grown),
    unevenness: Math.max(...grown) / Math.min(...grown),
  }),
);
