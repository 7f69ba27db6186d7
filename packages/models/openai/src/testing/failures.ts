import { CodeletError, type ModelRequest } from "@codelet/core";
import { expect } from "vitest";
import { openai } from "../openai.ts";
import type { OpenAIModelOptions } from "../openai-options.ts";
import { ask, gather } from "./gather.ts";
import { type Answer, loopbackServer } from "./loopback-server.ts";

export const html = { "content-type": "text/html" };
export const silent: Answer = () => {};

/** What both ways of asking throw; fails when one of them answers. */
export async function failuresOf(
  answer: Answer,
  options: OpenAIModelOptions = {},
  request: ModelRequest = ask("Hi."),
): Promise<readonly CodeletError[]> {
  await using server = await loopbackServer(answer);
  const model = openai("fixture-1", { baseURL: server.baseURL, ...options });
  const settled = await Promise.allSettled([model.generate(request), gather(model, request)]);
  expect(server.requests.length).toBeLessThanOrEqual(2);
  return settled.map((result) => {
    expect(result.status).toBe("rejected");
    const error: unknown = result.status === "rejected" ? result.reason : undefined;
    if (!CodeletError.isInstance(error)) throw error;
    return error;
  });
}

export async function expectFailures(answer: Answer, expected: object, options: OpenAIModelOptions = {}): Promise<void> {
  for (const error of await failuresOf(answer, options)) expect(error).toMatchObject({ code: "model-call", ...expected });
}
