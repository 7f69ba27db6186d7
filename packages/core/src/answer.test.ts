import { expect, it } from "vitest";
import { z } from "zod";
import type { FinalAnswerCheck } from "./answer.ts";
import { ConfigurationError } from "./errors.ts";
import { jsonSchema } from "./json-schema.ts";
import type { StandardSchema } from "./schema.ts";
import { action, agentOf } from "./testing/code-agents.ts";

function isTwo(answer: unknown): boolean {
  return answer === 2;
}

it.each<readonly [string, FinalAnswerCheck]>([
  ["The answer was refused: It is too small.", (answer) => answer === 2 || "It is too small."],
  ["The answer was refused: the check isTwo failed", isTwo],
  ["The answer was refused: the check of the answer failed", [(answer: unknown) => answer === 2][0] as FinalAnswerCheck],
])("goes back to the model until a check says nothing against it: %s", async (reason, check) => {
  const checks: FinalAnswerCheck<never>[] = [check, () => undefined, async () => true];
  const result = await agentOf([action("answer 1"), action("answer 2")], { finalAnswerChecks: checks }).run("task");
  expect(result).toMatchObject({ state: "success", output: 2, steps: { length: 4 } });
  expect(result.steps[2]).toMatchObject({ error: { code: "model-output", message: reason }, isFinal: false });
});

it.each([null, 0, []])("ends the run where a check says what is no verdict: %j", async (verdict) => {
  const ending = agentOf([action("answer 1")], {
    finalAnswerChecks: [
      function isGood() {
        return verdict as never;
      },
    ],
  }).run("task");
  await expect(ending).rejects.toMatchObject({ name: "TypeError", message: expect.stringMatching(/what the check isGood returns.* true, false/) });
});

/** A schema that throws for all answers but 2. */
function throwing(error: Error): StandardSchema<unknown, number> {
  const validate = (value: unknown): { readonly value: number } => {
    if (value !== 2) throw error;
    return { value };
  };
  return { "~standard": { ...jsonSchema<number>({ type: "number" })["~standard"], validate } };
}

it("goes back to the model where its schema can't read it", async () => {
  const result = await agentOf([action("answer 1"), action("answer 2")], { output: throwing(new RangeError("too deep")) }).run("task");
  expect(result).toMatchObject({ state: "success", output: 2 });
  expect(result.steps[2]).toMatchObject({ error: { code: "model-output", message: "The answer can't be read: too deep" } });
});

it("ends the run where its schema is at fault", async () => {
  const agent = agentOf([action("answer 1")], { output: throwing(new ConfigurationError("The schema is none.")) });
  await expect(agent.run("task")).rejects.toMatchObject({ code: "configuration", message: "The schema is none." });
});

it("goes back to the model with what its schema has against it", async () => {
  const result = await agentOf([action('answer "x"'), action("answer 2")], { output: z.number() }).run("task");
  expect(result.steps[2]).toMatchObject({ error: { message: expect.stringMatching(/^final_answer was given the wrong type: /) } });
});
