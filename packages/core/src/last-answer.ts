import { abortable } from "./abort.ts";
import { checkAnswer } from "./answer.ts";
import { CodeletError, describeThrown, type LimitName, ModelOutputError } from "./errors.ts";
import { generate } from "./generate.ts";
import { newAction } from "./loop.ts";
import { objectWith } from "./loose-json.ts";
import { type ModelResponse, textOf } from "./model.ts";
import { parseToolCalls } from "./parse-tool-calls.ts";
import { lastQuestion } from "./prompts/last-answer.ts";
import { renderPrompt } from "./prompts/templates.ts";
import type { RunContext } from "./run-context.ts";
import { isObject } from "./schema.ts";
import { compact } from "./step-callbacks.ts";
import { withoutThoughts } from "./thoughts.ts";
import { looseInput } from "./tool-call-input.ts";
import type { Json } from "./value.ts";

/** The call may take so long, retries included. */
const lastAnswerTimeoutMs = 60_000;

/** At a limit the model answers once more from what it has. A failure of this call is a warning: the run has ended anyway. */
export async function lastAnswer(run: RunContext, task: string, limit: LimitName): Promise<{ readonly output?: unknown; readonly text?: string }> {
  const { definition, templates } = run.agent;
  const schema = definition.output;
  const question = renderPrompt(lastQuestion, templates.lastAnswer, { limit, task, answerSchema: schema?.json });
  const shape = { type: "object", properties: { answer: schema?.json }, required: ["answer"], additionalProperties: false };
  const { tools } = run.kind.request;
  let text: string | undefined;
  const signal = AbortSignal.any([run.callers, AbortSignal.timeout(lastAnswerTimeoutMs)]);
  try {
    // A compactor that may not ask a model any more leaves the prompt as it is.
    await compact(run, "last", signal).catch((error) => {
      if (!CodeletError.isInstance(error, "limit-reached")) throw error;
    });
    const request = {
      messages: [...run.memory.toMessages(), { role: "user" as const, content: question }],
      ...(tools === undefined ? {} : { tools, toolChoice: "none" as const }),
      responseSchema: schema && { name: "answer", schema: shape },
      signal,
    };
    const response = await generate(run, "last/model", request, "last");
    text = withoutThoughts(textOf(response.content)).trim();
    await remember(run, response, text);
    const answer = givenAnswer(response, text) ?? (schema === undefined ? text : answerIn(text));
    return { output: await abortable(checkAnswer(run, "last", answer), signal), text };
  } catch (error) {
    if (run.isControlFlow(error) || run.callers.aborted) throw error;
    run.emit({ type: "warning", message: `There is no checked answer at the limit: ${describeThrown(error).message}` });
    return text === undefined ? {} : { text };
  }
}

const finalAnswer = { name: "final_answer", description: "", inputSchema: { properties: { answer: {} } } };

/** Some models go on calling final_answer, by their own calls or in their text. */
function givenAnswer({ content }: ModelResponse, text: string): Json | undefined {
  const own = content.filter((part) => part.type === "tool-call");
  const calls = own.length > 0 ? own : parseToolCalls(text, [finalAnswer]).calls;
  const input = looseInput(calls.find(({ name }) => name === finalAnswer.name)?.input ?? null);
  return isObject(input) && "answer" in input ? (input.answer as Json) : undefined;
}

/** As the question asks for it. */
function answerIn(text: string): Json {
  const object = objectWith("answer", text);
  if (object === undefined) throw new ModelOutputError('It is no JSON object {"answer": …}.');
  return object.answer as Json;
}

/** A conversation goes on from what was answered; it is no step of a run. */
async function remember(run: RunContext, { usage }: ModelResponse, text: string): Promise<void> {
  if (run.scope.thread === undefined || text === "") return;
  const action = newAction((run.step ?? 0) + 1, await run.journal.now("last"));
  run.memory.add({ ...action, modelOutput: text, untrusted: [...run.exposure.untrusted], usage, isFinal: true });
}
