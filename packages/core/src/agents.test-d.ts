import { describe, expectTypeOf, test } from "vitest";
import { z } from "zod";
import {
  CodeAgent,
  CodeletError,
  type Conversation,
  type ErrorCode,
  type Executor,
  type LimitName,
  type Model,
  type PlainValue,
  type PromptTemplates,
  type Run,
  type RunResult,
  type SavedConversation,
  type StandardSchema,
  type StepCallback,
  type SuspendedRun,
  ToolCallingAgent,
  tool,
} from "./index.ts";

declare const model: Model;
declare const executor: Executor;
declare const state: SuspendedRun;
declare const saved: SavedConversation;

const output = z.object({ total: z.number(), when: z.string().transform((text) => new Date(text)) });
type Total = { total: number; when: Date };

describe("the type of `output` reaches", () => {
  const code = new CodeAgent({ model, executor, output });
  const calling = new ToolCallingAgent({ model, output });

  test("the result of a run, of both kinds of agent", () => {
    expectTypeOf(code.run("task")).toEqualTypeOf<Promise<RunResult<Total>>>();
    expectTypeOf(calling.run("task")).toEqualTypeOf<Promise<RunResult<Total>>>();
  });

  test("the result of a run in progress", () => {
    expectTypeOf(code.start("task")).toEqualTypeOf<Run<Total>>();
    expectTypeOf(calling.start("task").result).toEqualTypeOf<Promise<RunResult<Total>>>();
  });

  test("a conversation and its runs", () => {
    expectTypeOf(code.conversation()).toEqualTypeOf<Conversation<Total>>();
    expectTypeOf(calling.loadConversation(saved)).toEqualTypeOf<Promise<Conversation<Total>>>();
    expectTypeOf(calling.conversation().run("task")).toEqualTypeOf<Promise<RunResult<Total>>>();
    expectTypeOf(code.conversation().start("task").result).toEqualTypeOf<Promise<RunResult<Total>>>();
    expectTypeOf(code.conversation().resume(state)).toEqualTypeOf<Promise<RunResult<Total>>>();
  });

  test("a run that goes on after a suspension", () => {
    expectTypeOf(code.resume(state)).toEqualTypeOf<Promise<RunResult<Total>>>();
    expectTypeOf(calling.resume(state, { decisions: { a: true } })).toEqualTypeOf<Promise<RunResult<Total>>>();
    expectTypeOf(code.startResumed(state).result).toEqualTypeOf<Promise<RunResult<Total>>>();
  });

  test("a changed copy", () => {
    expectTypeOf(code.with({ maxSteps: 2, stepTimeoutMs: 5 })).toEqualTypeOf<CodeAgent<Total>>();
    expectTypeOf(calling.with({ maxParallelCalls: 2 })).toEqualTypeOf<ToolCallingAgent<Total>>();
    // @ts-expect-error an option of the other kind
    calling.with({ stepTimeoutMs: 5 });
  });

  test("the checks of an answer", () => {
    new ToolCallingAgent({
      model,
      output,
      finalAnswerChecks: [
        (answer) => {
          expectTypeOf(answer).toEqualTypeOf<Total>();
          return true;
        },
      ],
    });
  });
});

test("without `output` an answer is a plain value, for tool calling too", async () => {
  const result = await new ToolCallingAgent({ model }).run("task");
  if (result.state === "success") expectTypeOf(result.output).toEqualTypeOf<PlainValue>();
  if (result.state === "suspended") expectTypeOf(result.resumeState).toEqualTypeOf<SuspendedRun>();
  // @ts-expect-error there is an output in some states only
  result.output;
});

describe("a tool", () => {
  const input = z.object({ city: z.string(), days: z.number().default(1) });

  test("gives `execute` what its schema makes of the arguments, and its context", () => {
    tool({
      name: "forecast",
      description: "Forecasts.",
      input,
      output: z.array(z.object({ celsius: z.number() })),
      execute: (given, { signal, context }) => {
        expectTypeOf(given).toEqualTypeOf<{ city: string; days: number }>();
        expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
        expectTypeOf(context).toEqualTypeOf<unknown>();
        return [{ celsius: 20 }];
      },
    });
  });

  test("must return what its output schema takes", () => {
    const output = z.object({ celsius: z.number() });
    tool({ name: "now", description: "Now.", input, output, execute: async () => ({ celsius: 20 }) });
    // @ts-expect-error a text is no number
    tool({ name: "now", description: "Now.", input, output, execute: async () => ({ celsius: "20" }) });
  });

  test("gives `needsApproval` the same arguments", () => {
    tool({
      name: "book",
      description: "Books.",
      input,
      needsApproval: (given) => {
        expectTypeOf(given).toEqualTypeOf<{ city: string; days: number }>();
        return given.days > 3;
      },
      execute: () => "booked",
    });
  });

  test("has the context that it asks for", () => {
    interface User {
      readonly userId: string;
    }
    tool<{ city: string }, string, User>({
      name: "mine",
      description: "Mine.",
      input: z.object({ city: z.string() }),
      needsApproval: (_, { userId }) => userId === "",
      execute: ({ city }, { context }) => `${city} of ${context.userId}`,
    });
  });

  test("of any types goes into any agent", () => {
    const forecast = tool({ name: "forecast", description: "Forecasts.", input, output: z.number(), execute: () => 1 });
    const member = new ToolCallingAgent({ model, name: "member", description: "Helps.", tools: [forecast] });
    new CodeAgent({
      model,
      executor,
      tools: [forecast],
      managedAgents: [member, new CodeAgent({ model, executor, name: "coder", description: "Codes." })],
    });
    // @ts-expect-error a tool is made by `tool`
    new CodeAgent({ model, executor, tools: [{ name: "x" }] });
  });
});

test("an agent with an output is an agent", () => {
  interface Report {
    readonly pages: number;
  }
  const finalAnswerChecks = [(report: Report) => report.pages > 0];
  const coder = new CodeAgent({ model, executor, output: {} as StandardSchema<unknown, Report>, finalAnswerChecks });
  const caller = new ToolCallingAgent({ model, output: {} as StandardSchema<unknown, Report>, finalAnswerChecks });
  expectTypeOf(coder).toExtend<CodeAgent<unknown>>();
  expectTypeOf(caller).toExtend<ToolCallingAgent<unknown>>();
  expectTypeOf<CodeAgent<number>>().toExtend<CodeAgent>();
  expectTypeOf(coder.start("task")).toExtend<Run<unknown>>();
  expectTypeOf(coder.conversation()).toExtend<Conversation<unknown>>();
  expectTypeOf<CodeAgent<unknown>>().not.toExtend<CodeAgent<number>>();
  // @ts-expect-error the check is of another answer
  new CodeAgent({ model, executor, output: {} as StandardSchema<unknown, number>, finalAnswerChecks });
});

test("step callbacks have the step of their kind", () => {
  new ToolCallingAgent({
    model,
    stepCallbacks: {
      action: ({ code }) => {
        expectTypeOf(code).toEqualTypeOf<string>();
      },
      planning: [
        ({ plan }) => {
          expectTypeOf(plan).toEqualTypeOf<string>();
        },
      ],
    },
  });
  expectTypeOf<StepCallback>().parameter(1).toHaveProperty("memory");
  new ToolCallingAgent({ model, stepCallbacks: ({ code }) => expectTypeOf(code).toEqualTypeOf<string>() });
  const plans: string[] = [];
  new ToolCallingAgent({ model, stepCallbacks: { planning: ({ plan }) => plans.push(plan), task: async () => {} }, compactor: () => plans.push("") });
});

test("prompt templates are functions of what each is made from", () => {
  expectTypeOf<Parameters<PromptTemplates["plan"]>[0]["remainingSteps"]>().toEqualTypeOf<number>();
  new CodeAgent({ model, executor, promptTemplates: { system: ({ tools }, standard) => `${standard}\n${tools.length}` } });
  // @ts-expect-error no such template
  new CodeAgent({ model, executor, promptTemplates: { greeting: () => "Hi." } });
});

test("an error told by its code has what errors of that code have", () => {
  const error: unknown = undefined;
  if (CodeletError.isInstance(error, "model-call")) expectTypeOf(error.status).toEqualTypeOf<number | undefined>();
  if (CodeletError.isInstance(error, "limit-reached")) expectTypeOf(error.limit).toEqualTypeOf<LimitName>();
  if (CodeletError.isInstance(error, "model-call", "value")) expectTypeOf(error.code).toEqualTypeOf<ErrorCode>();
  if (CodeletError.isInstance(error)) expectTypeOf(error.details).toExtend<object>();
});
