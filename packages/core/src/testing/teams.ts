import { type FakeExecutor, fakeExecutor } from "@codelet/testing";
import type { AgentOptions } from "../agent.ts";
import { CodeAgent } from "../code-agent.ts";
import type { ManagedAgent } from "../managed-agent.ts";
import type { ActionStep } from "../memory.ts";
import type { ModelRequest, ModelResponse, Usage } from "../model.ts";
import { ToolCallingAgent } from "../tool-calling-agent.ts";
import type { Json, PlainValue, Value } from "../value.ts";

export type Kind = "code" | "tool-calling";
export type Call = readonly [name: string, input: Json];
export const usage: Usage = { input: 10, cacheRead: 0, cacheWrite: 0, output: 1, reasoning: 0 };

/** Programs of the fake executor are JSON: calls made side by side, then an answer, where `"$"` stands for their results. */
export const executor: FakeExecutor = fakeExecutor(async ({ code, call, finalAnswer, variables }) => {
  const { calls = [], answer } = JSON.parse(code) as { calls?: Call[]; answer?: Json };
  const results = await Promise.all(calls.map(([name, input]) => call(name, input as Record<string, Value>)));
  if (answer === undefined) return results as Value;
  const named = typeof answer === "string" ? variables[answer] : undefined;
  return finalAnswer(answer === "$" ? (results as Value) : (named ?? (answer as Value)));
});

export const turn = {
  code: (calls: readonly Call[], answer?: Json): ModelResponse => ({
    content: [{ type: "text", text: `<code>\n${JSON.stringify({ calls, answer })}\n</code>` }],
    usage,
    finishReason: "stop",
  }),
  "tool-calling": (calls: readonly Call[], answer?: Json): ModelResponse => ({
    content: [...calls, ...(answer === undefined ? [] : [["final_answer", { answer }] as const])].map(([name, input]) => ({
      type: "tool-call",
      id: "",
      name,
      input,
    })),
    usage,
    finishReason: "tool-calls",
  }),
};

export type Options = Omit<AgentOptions<never>, "model"> & { readonly model: AgentOptions["model"] };
export const make = (kind: Kind, options: Options): (CodeAgent<PlainValue> | ToolCallingAgent<PlainValue>) & ManagedAgent =>
  kind === "code" ? new CodeAgent({ executor, ...options } as never) : new ToolCallingAgent(options as never);
export const worker = (kind: Kind, model: AgentOptions["model"], options: Partial<Options> = {}): ManagedAgent =>
  make(kind, { name: "worker", description: "Works.", model, ...options });

/** What the model was shown of a step's calls, in either kind. */
export const seenIn = (step: ActionStep): string => [step.observation, ...(step.toolResults ?? []).map(({ content }) => content)].join("\n");
export const textOfRequest = ({ messages }: ModelRequest): string => JSON.stringify(messages);
export const taskOf = (request: ModelRequest): string => /task-(\w+)/.exec(textOfRequest(request))?.[1] ?? "";
export const kinds: readonly (readonly [manager: Kind, kind: Kind])[] = (["code", "tool-calling"] as const).flatMap((manager) =>
  (["code", "tool-calling"] as const).map((kind) => [manager, kind] as const),
);
