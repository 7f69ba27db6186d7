import { textOf } from "@codelet/core";
import { describe, expect, it } from "vitest";
import { openai } from "./openai.ts";
import { ask, gather } from "./testing/gather.ts";
import { isLive } from "./testing/refuse-remote-hosts.ts";

const modelId = process.env.CODELET_LIVE_MODEL ?? "gpt-4.1-mini";

if (!isLive) console.log("SKIPPED: live test of OpenAI. It needs CODELET_LIVE=1 and OPENAI_API_KEY.");

describe.skipIf(!isLive)("OpenAI itself", () => {
  it("answers in one piece and as a stream, and stops at the stop text", async () => {
    const request = { ...ask("Say: one two STOP three"), stop: ["STOP"] };
    const model = openai(modelId);
    const response = await model.generate(request);
    expect(textOf(response.content)).not.toContain("STOP");
    expect(response.usage.input).toBeGreaterThan(0);
    const deltas = await gather(model, request);
    expect(deltas.at(-1)).toMatchObject({ type: "finish", finishReason: "stop" });
  });
});
