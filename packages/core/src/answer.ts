import { CodeletError, describeThrown, ModelOutputError } from "./errors.ts";
import type { Memory } from "./memory.ts";
import { plainValue } from "./plain-value.ts";
import type { RunContext } from "./run-context.ts";
import type { ResolvedSchema } from "./schema.ts";
import type { Value } from "./value.ts";

/** Looks at an answer before it counts. `false`, a text (the reason) or a throw sends it back to the model; what is none of these ends the run. */
export type FinalAnswerCheck<Output = unknown> = CheckMethod<Output>["check"];
/** A method's type: with a function's, an agent with an output would be no `CodeAgent<unknown>`. */
type CheckMethod<Output> = { check(answer: Output, context: { readonly memory: Memory }): AnswerVerdict | Promise<AnswerVerdict> };
/** What a check says of an answer: fine (`true`, nothing), refused (`false`), or refused with the reason. */
export type AnswerVerdict = boolean | string | undefined;

/** The answer as the caller gets it; what the checks say is journaled. Throws ModelOutputError with what is wrong, for the model. */
export async function checkAnswer(run: RunContext, key: string, value: Value): Promise<unknown> {
  const output = await readAnswer(value, run.agent.definition.output);
  for (const [index, check] of run.agent.finalAnswerChecks.entries()) {
    const { objectionOf } = await import("./between-steps.ts");
    const objection = await objectionOf(run, `${key}/check.${index}`, check, output);
    if (objection !== undefined) throw new ModelOutputError(`The answer was refused: ${objection}`);
  }
  return output;
}

/** Whatever reading a hostile answer throws is the answer's fault. */
async function readAnswer(value: Value, schema: ResolvedSchema | undefined): Promise<unknown> {
  try {
    const plain = plainValue(value);
    if (schema === undefined) return plain;
    const checked = await schema.check(plain);
    if ("value" in checked) return checked.value;
    const fix = `Call final_answer again with a value of this JSON schema: ${JSON.stringify(schema.json)}`;
    throw new ModelOutputError(`final_answer was given the wrong type: ${checked.problems.join("; ")}. ${fix}`);
  } catch (error) {
    if (CodeletError.isInstance(error, "model-output", "configuration")) throw error;
    throw new ModelOutputError(`The answer can't be read: ${describeThrown(error).message}`, { cause: error });
  }
}
