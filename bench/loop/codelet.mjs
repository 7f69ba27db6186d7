// The real agent: its default journal, its events read as they come, a sandbox that costs next to nothing.
import { CodeAgent, noUsage, tool } from "@codelet/core";
import { fakeExecutor } from "@codelet/testing";
import { z } from "zod";
import { ANSWER, script, TASK, TOOL_DESCRIPTION, TOOL_NAME, thought } from "./script.mjs";

const model = {
  id: "script",
  async generate() {
    const step = script.nextStep();
    const text = step === undefined ? `<code>\nfinal_answer("${ANSWER}")\n</code>` : `${thought(step)}\n<code>\n${program(step)}\n</code>`;
    return { content: [{ type: "text", text }], usage: noUsage, finishReason: "stop" };
  },
};

const executor = fakeExecutor(async ({ code, call, print, finalAnswer }) => {
  if (code.startsWith("final_answer")) finalAnswer(ANSWER);
  print(await call(TOOL_NAME, { number: Number(/number=(\d+)/.exec(code)[1]) }));
});

const records = tool({
  name: TOOL_NAME,
  description: TOOL_DESCRIPTION,
  input: z.object({ number: z.number() }),
  execute: async ({ number }) => script.read(number),
});
const agent = new CodeAgent({ model, executor, tools: [records] });

/** Runs so many steps and an answer; resolves with what a caller would keep. */
export async function run(steps) {
  script.begin(steps);
  const started = agent.start(TASK, { maxSteps: steps + 1 });
  let events = 0;
  for await (const _event of started) events++;
  const result = await started.result;
  script.end(result.output);
  if (events < steps * 8) throw new Error(`only ${events} events`);
  return result;
}

/** Bytes of one step that are nobody else's: what the model wrote, without the record. */
export function modelBytes(step) {
  return `${thought(step)}\n<code>\n${program(step)}\n</code>`.length;
}

function program(step) {
  return `record = ${TOOL_NAME}(number=${step})\nprint(record)`;
}
