import { type FakeHandler, fakeExecutor, scriptedModel } from "@codelet/testing";
import { CodeAgent, type CodeAgentOptions } from "../code-agent.ts";
import type { AgentEvent } from "../events.ts";
import type { PlainValue } from "../value.ts";

/** The model's text of one action; the fake executor's handler decides what its code does. */
export const action = (code: string): string => `Thought: go\n<code>\n${code}\n</code>`;

export const answering: FakeHandler = async ({ code, finalAnswer, print, call, variables }) => {
  if (code.startsWith("answer ")) return finalAnswer(JSON.parse(code.slice(7)));
  if (code.startsWith("call ")) return call(code.slice(5), []);
  if (code.startsWith("show ")) return variables[code.slice(5)] ?? null;
  if (code === "fail") throw new Error("broken");
  print(code);
  return null;
};

export function agentOf<Output = PlainValue>(
  replies: readonly (string | Error)[],
  options: Partial<CodeAgentOptions<Output>> = {},
): CodeAgent<Output> {
  return new CodeAgent({
    model: scriptedModel(replies),
    executor: fakeExecutor(answering),
    retry: { firstDelayMs: 1 },
    ...options,
  } as CodeAgentOptions<Output>);
}

export async function eventsOf(run: AsyncIterable<AgentEvent>): Promise<AgentEvent[]> {
  const events: AgentEvent[] = [];
  for await (const event of run) events.push(event);
  return events;
}
