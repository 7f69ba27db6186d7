import { Agent, Runner, setTracingDisabled, tool, Usage } from "@openai/agents";
import { z } from "zod";
import { ANSWER, INSTRUCTIONS, script, TASK, TOOL_DESCRIPTION, TOOL_NAME, thought } from "./script.mjs";

setTracingDisabled(true);

const model = {
  async getResponse() {
    const step = script.nextStep();
    const output = step === undefined ? [message("answer", ANSWER)] : [message(`message-${step}`, thought(step)), toolCall(step)];
    const usage = new Usage({ requests: 1, inputTokens: 10, outputTokens: 5, totalTokens: 15 });
    return { usage, responseId: `response-${step}`, output };
  },
};

const agent = new Agent({
  name: "bench",
  instructions: INSTRUCTIONS,
  model,
  tools: [
    tool({
      name: TOOL_NAME,
      description: TOOL_DESCRIPTION,
      parameters: z.object({ number: z.number() }),
      execute: async ({ number }) => script.read(number),
    }),
  ],
});
const runner = new Runner({ tracingDisabled: true });

export async function run(steps) {
  script.begin(steps);
  const result = await runner.run(agent, TASK, { maxTurns: steps + 1 });
  script.end(result.finalOutput);
  return result;
}

export function modelBytes(step) {
  return thought(step).length + toolCall(step).arguments.length;
}

function message(id, text) {
  return { type: "message", role: "assistant", status: "completed", id, content: [{ type: "output_text", text }] };
}

function toolCall(step) {
  const parameters = JSON.stringify({ number: step });
  return { type: "function_call", id: `item-${step}`, callId: `call-${step}`, name: TOOL_NAME, status: "completed", arguments: parameters };
}
