// Many runs of one agent at once: `node many-child.mjs <runs> <steps>`. Each carries a marker, and no other run may see it.
import { monitorEventLoopDelay } from "node:perf_hooks";
import { CodeAgent, noUsage, tool } from "@codelet/core";
import { fakeExecutor } from "@codelet/testing";
import { z } from "zod";

const [runs, steps] = process.argv.slice(2).map(Number);
let leaks = 0;
const model = {
  id: "script",
  async generate({ messages }) {
    // A fast model: half a second to one and a half.
    await new Promise((resolve) => setTimeout(resolve, 500 + Math.random() * 1_000));
    const marker = /marker-\d+-/.exec(messages[1].content)[0];
    const step = messages.filter(({ role }) => role === "assistant").length + 1;
    const seen = step < steps ? messages.at(-1).content : JSON.stringify(messages);
    if (seen.replaceAll(marker, "").includes("marker-")) leaks++;
    const code = step < steps ? `note ${marker}` : `answer ${marker}`;
    return { content: [{ type: "text", text: `Thought: ${marker}\n<code>\n${code}\n</code>` }], usage: noUsage, finishReason: "stop" };
  },
};
const executor = fakeExecutor(async ({ code, call, print, finalAnswer, variables }) => {
  const [what, marker] = code.split(" ");
  if (what === "answer") return finalAnswer([marker, variables.mine]);
  print(await call("echo", { marker }));
  return null;
});
const echo = tool({
  name: "echo",
  description: "Says the same.",
  input: z.object({ marker: z.string() }),
  execute: async ({ marker }, { context }) => (context === marker ? marker : "marker-0-"),
});
const agent = new CodeAgent({ model, executor, tools: [echo] });
const lag = monitorEventLoopDelay({ resolution: 10 });
lag.enable();
const startedAt = performance.now();
const results = await Promise.all(
  Array.from({ length: runs }, (_, index) => {
    const marker = `marker-${index + 1}-`;
    return agent.run(`Task of ${marker}`, { maxSteps: steps + 1, context: marker, additionalArgs: { mine: marker } });
  }),
);
const durationMs = performance.now() - startedAt;
lag.disable();
for (const [index, result] of results.entries()) {
  const marker = `marker-${index + 1}-`;
  if (JSON.stringify(result.output) !== JSON.stringify([marker, marker])) leaks++;
}
console.log(JSON.stringify({ leaks, lagP99Ms: lag.percentile(99) / 1e6, stepsPerSecond: (runs * steps) / (durationMs / 1000) }));
