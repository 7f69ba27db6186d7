import { CodeAgent, type Executor, type Model, type ModelRequest, type RunResult, ToolCallingAgent } from "@codelet/core";
import { faultyModel, scriptedModel } from "@codelet/testing";
import { describe, expect, it } from "vitest";
import { local, wasm } from "./executors.ts";
import { responseOf, type Task, tasks, toolbox } from "./task-table.ts";

type Solver = (task: Task) => Promise<{ readonly result: RunResult; readonly notes: readonly string[]; readonly prompt: string }>;

const isProgram = (text: string): boolean => !/^[A-Z]/.test(text);
const asText = (text: string): string => (isProgram(text) ? `Thought: go\n<code>\n${text}\n</code>` : text);

/** A manager's helper is of the kind that its task says, in the same sandbox. */
function helperOf({ helper }: Task, executor: Executor): CodeAgent | ToolCallingAgent | undefined {
  const { tools } = toolbox();
  const common = { name: "helper", description: "Helps.", tools };
  if (helper?.kind === "code") return new CodeAgent({ ...common, executor, model: scriptedModel(helper.code.map(asText)) });
  if (helper?.kind === "tool-calling")
    return new ToolCallingAgent({
      ...common,
      model: scriptedModel(
        helper.calls.map(
          (turn) =>
            ({ messages }: ModelRequest) =>
              responseOf(turn, messages),
        ),
      ),
    });
  return undefined;
}

function solver(kind: "code" | "tool-calling", executor: Executor): Solver {
  return async (task) => {
    const { tools, notes } = toolbox();
    const { plan, code, calls, options, run, fails = 0, isPlain } = task;
    const turns =
      kind === "code"
        ? code.map(asText)
        : calls.map(
            (turn) =>
              ({ messages }: ModelRequest) =>
                responseOf(turn, messages),
          );
    const script = scriptedModel([...(plan === undefined ? [] : [plan]), ...turns]);
    const plain: Model = isPlain ? { id: script.id, generate: (request) => script.generate(request) } : script;
    const model = faultyModel(
      plain,
      Array.from({ length: fails }, (_, index) => ({ call: index + 1, type: "error", status: 503 }) as const),
    );
    const helper = helperOf(task, executor);
    const common = { model, tools, ...(helper === undefined ? {} : { managedAgents: [helper] }), ...options };
    const agent = kind === "code" ? new CodeAgent({ ...common, executor } as never) : new ToolCallingAgent(common as never);
    const result = (await agent.run("Solve it.", run)) as RunResult;
    expect(script.remaining, "what the model still had to say").toBe(0);
    return { result, notes, prompt: JSON.stringify(script.requests[0]?.messages) };
  };
}

describe.each<readonly [string, Solver]>([
  ["a code agent in wasm", solver("code", wasm)],
  ["a code agent in a local sandbox", solver("code", local)],
  ["a tool-calling agent", solver("tool-calling", local)],
])("%s", (_, solve) => {
  it.each(tasks.map((task) => [task.name, task] as const))("solves %s", async (_name, task) => {
    const { result, notes, prompt } = await solve(task);
    expect(result).toMatchObject(task.result);
    if (task.notes !== undefined) expect([...notes].sort()).toEqual(task.notes);
    if (task.prompt !== undefined) expect(prompt).toMatch(task.prompt);
  });
});
