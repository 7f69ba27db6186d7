import { isStepCount, ToolLoopAgent, tool } from "ai";
import { z } from "zod";
import { ANSWER, INSTRUCTIONS, script, TASK, TOOL_DESCRIPTION, TOOL_NAME, thought } from "./script.mjs";

globalThis.AI_SDK_LOG_WARNINGS = false;

const usage = { inputTokens: { total: 10, noCache: 10, cacheRead: 0, cacheWrite: 0 }, outputTokens: { total: 5, text: 5, reasoning: 0 } };

// A bare object: the SDK's own mock keeps every prompt, which would be held against it.
const model = {
  specificationVersion: "v4",
  provider: "bench",
  modelId: "script",
  supportedUrls: {},
  async doGenerate() {
    const step = script.nextStep();
    const content = step === undefined ? [{ type: "text", text: ANSWER }] : [{ type: "text", text: thought(step) }, toolCall(step)];
    const finishReason = step === undefined ? { unified: "stop", raw: "stop" } : { unified: "tool-calls", raw: "tool_calls" };
    return { content, finishReason, usage, warnings: [] };
  },
};

const agent = new ToolLoopAgent({
  model,
  instructions: INSTRUCTIONS,
  stopWhen: isStepCount(Number.MAX_SAFE_INTEGER),
  tools: {
    [TOOL_NAME]: tool({
      description: TOOL_DESCRIPTION,
      inputSchema: z.object({ number: z.number() }),
      execute: async ({ number }) => script.read(number),
    }),
  },
});

export async function run(steps) {
  script.begin(steps);
  const result = await agent.generate({ prompt: TASK });
  script.end(result.text);
  return result;
}

export function modelBytes(step) {
  return thought(step).length + toolCall(step).input.length;
}

function toolCall(step) {
  return { type: "tool-call", toolCallId: `call-${step}`, toolName: TOOL_NAME, input: JSON.stringify({ number: step }) };
}
