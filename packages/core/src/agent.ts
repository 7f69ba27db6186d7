import type { FinalAnswerCheck } from "./answer.ts";
import type { Approve, ToolPolicy } from "./dispatch.ts";
import type { LimitName } from "./errors.ts";
import type { JournalFactory } from "./journal.ts";
import type { Limits, Price } from "./limits.ts";
import type { Step } from "./memory.ts";
import type { Model, ModelFunction, Usage } from "./model.ts";
import type { RetryOptions } from "./retry.ts";
import type { StandardSchema } from "./schema.ts";
import type { AnyTool } from "./tool.ts";
import type { Media, PlainValue, Value } from "./value.ts";

/** What every kind of agent is made from. Immutable: any number of runs may share one agent. */
export interface AgentOptions<Output = PlainValue> extends Limits {
  readonly model: Model | ModelFunction;
  /** @default none */
  readonly tools?: readonly AnyTool[] | undefined;
  /** A Python identifier, shown in events. @default "agent" */
  readonly name?: string | undefined;
  /** Added to the end of the system prompt. */
  readonly instructions?: string | undefined;
  /** The answer's type as Standard JSON Schema. @default any plain value */
  readonly output?: StandardSchema<unknown, Output> | undefined;
  /** Called with each answer before it counts. */
  readonly finalAnswerChecks?: readonly FinalAnswerCheck<Output>[] | undefined;
  /** What an answer of the model costs, for `maxCost`. */
  readonly price?: Price | undefined;
  readonly retry?: RetryOptions | undefined;
  /** Decides on each tool call. @default allow, unless the tool needs approval */
  readonly toolPolicy?: ToolPolicy | undefined;
  /** Bytes of one tool result as JSON. Minimum 1. @default 16_777_216 */
  readonly maxToolResultBytes?: number | undefined;
  /** Characters of an observation; longer ones lose their middle. Minimum 100. @default 20_000 */
  readonly maxObservationCharacters?: number | undefined;
  /** Where runs are recorded. One of your own makes the run's id the seed of its sandbox. @default in memory */
  readonly journal?: JournalFactory | undefined;
}

/** What one run may be told. */
export interface RunOptions {
  /** Stops the run; its result then says `aborted`. */
  readonly signal?: AbortSignal | undefined;
  /** Overrides the agent's. Minimum 1. */
  readonly maxSteps?: number | undefined;
  /** For your tools alone: never journaled, prompted or sent to a sandbox. */
  readonly context?: unknown;
  /** Variables of the sandbox. The prompt names them with type and a short preview. */
  readonly additionalArgs?: Readonly<Record<string, Value>> | undefined;
  /** Shown to the model with the task. */
  readonly images?: readonly Media[] | undefined;
  /** The run's identity, part of every idempotency key and the seed of its sandbox: the same for another attempt at the same run. @default a random UUID */
  readonly runId?: string | undefined;
  /** Answers calls that need approval. @default they are refused */
  readonly approve?: Approve | undefined;
}

/** What is known of a run at any time, also of one that failed. */
export interface RunBase {
  readonly runId: string;
  readonly steps: readonly Step[];
  readonly usage: Usage;
  readonly cost: number;
  readonly startedAtMs: number;
  readonly durationMs: number;
}

export type RunResult<Output = PlainValue> = RunBase & RunEnding<Output>;

export type RunEnding<Output> =
  | { readonly state: "success"; readonly output: Output }
  /** After one last call for an answer: its text, and the output where it has the right type. */
  | { readonly state: "limit"; readonly limit: LimitName; readonly output?: Output; readonly text?: string }
  | { readonly state: "aborted"; readonly reason: unknown };
