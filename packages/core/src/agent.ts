import type { FinalAnswerCheck } from "./answer.ts";
import type { LimitName } from "./errors.ts";
import type { JournalFactory } from "./journal.ts";
import type { Budget, Price } from "./limits.ts";
import type { ManagedAgent } from "./managed-agent.ts";
import type { MediaInput } from "./media.ts";
import type { ActionStep, Memory, Step } from "./memory.ts";
import type { Model, ModelFunction, Usage } from "./model.ts";
import type { Approval, ApprovalDecision, Approve, DataPolicy, ToolPolicy } from "./policy.ts";
import type { PromptTemplates } from "./prompts/templates.ts";
import type { RetryOptions } from "./retry.ts";
import type { StandardSchema } from "./schema.ts";
import type { Compactor, StepCallback, StepCallbacks } from "./step-callbacks.ts";
import type { SuspendedRun } from "./suspension.ts";
import type { AnyTool } from "./tool.ts";
import type { PlainValue } from "./value.ts";

/** What every kind of agent is made from. Immutable: any number of runs may share one agent. */
export interface AgentOptions<Output = PlainValue> {
  readonly model: Model | ModelFunction;
  /** @default none */
  readonly tools?: readonly AnyTool[] | undefined;
  /** Agents that this one may call like tools, each by its `name`, with a task. They need a `description`. @default none */
  readonly managedAgents?: readonly ManagedAgent[] | undefined;
  /** A Python identifier, shown in events; as a managed agent, the function's name. @default "agent" */
  readonly name?: string | undefined;
  /** What it is good at, for the agent that manages it. */
  readonly description?: string | undefined;
  /** Added to the end of the system prompt. */
  readonly instructions?: string | undefined;
  /** Replaces or extends texts of the kernel. */
  readonly promptTemplates?: Partial<PromptTemplates> | undefined;
  /** The answer's type as Standard JSON Schema. @default any plain value */
  readonly output?: StandardSchema<unknown, Output> | undefined;
  /** Called with each answer before it counts. */
  readonly finalAnswerChecks?: readonly FinalAnswerCheck<Output>[] | undefined;
  /** Actions of one run. Minimum 1. @default 20 */
  readonly maxSteps?: number | undefined;
  /** What a run may spend, all its managed agents included. @default no limits */
  readonly budget?: Budget | undefined;
  /** What an answer of the model costs, for `costUsd`. Managed agents without one use their manager's. */
  readonly price?: Price | undefined;
  readonly retry?: RetryOptions | undefined;
  /** The model makes a plan before the first step, and a new one after every so many. Minimum 1. @default never */
  readonly planningInterval?: number | undefined;
  /** Called after each step of its kind; may edit the memory. A function alone is for actions. */
  readonly stepCallbacks?: StepCallback<ActionStep> | StepCallbacks | undefined;
  /** Called before each prompt; may edit the memory to keep it small: see `@codelet/core/compaction`. */
  readonly compactor?: Compactor | undefined;
  /** Decides on each tool call, managed agents included. @default allow, unless the tool needs approval */
  readonly toolPolicy?: ToolPolicy | undefined;
  /** What to do where untrusted content could make the run send private data out: see {@link DataPolicy}. @default "warn" */
  readonly dataPolicy?: DataPolicy | undefined;
  /** As a managed agent: add a summary of its steps to its answer. @default false */
  readonly provideRunSummary?: boolean | undefined;
  /** As a managed agent: keep memory and sandbox from call to call within one run of the manager. @default false */
  readonly keepsMemory?: boolean | undefined;
  /** Bytes of one tool result as JSON. Minimum 1. @default 16_777_216 */
  readonly maxToolResultBytes?: number | undefined;
  /** Characters of an observation; longer ones lose their middle. Minimum 100. @default 20_000 */
  readonly maxObservationCharacters?: number | undefined;
  /**
   * Where runs are recorded. With one of your own, another run with the same task and `runId` goes on where the journal ends: programs run again, answered
   * from it, where the executor can repeat them; else the model is told that variables are gone. @default in memory
   */
  readonly journal?: JournalFactory | undefined;
}

/** What a run is told that goes on after a suspension. */
export interface ResumeOptions {
  /** Stops the run; its result then says `aborted`. */
  readonly signal?: AbortSignal | undefined;
  /** For your tools alone: never journaled, prompted or sent to a sandbox. */
  readonly context?: unknown;
  /** Answers of pending approvals, by id. Those that are missing stay pending. */
  readonly decisions?: Readonly<Record<string, ApprovalDecision>> | undefined;
}

/** What one run may be told. */
export interface RunOptions extends Pick<ResumeOptions, "signal" | "context"> {
  /** Overrides the agent's. Minimum 1. */
  readonly maxSteps?: number | undefined;
  /** Variables of the sandbox: any plain data, as from a tool. The prompt names them with type and a short preview. */
  readonly additionalArgs?: Readonly<Record<string, unknown>> | undefined;
  /** Shown to the model with the task: bytes, a Blob, a URL, a path (Node), or media. */
  readonly images?: readonly MediaInput[] | undefined;
  /** Sounds, videos and documents, for models that take them. */
  readonly attachments?: readonly MediaInput[] | undefined;
  /** Steps of an earlier run, of this agent or another, that the run goes on from. The system prompt is this agent's own. */
  readonly memory?: Memory | readonly Step[] | undefined;
  /** The run's identity, part of every idempotency key and the seed of its sandbox: the same for another attempt at the same run. @default a random UUID */
  readonly runId?: string | undefined;
  /** Answers at once what needs approval. @default the run is suspended: its result then says `suspended` */
  readonly approve?: Approve | undefined;
}

/** What is known of a run at any time, also of one that failed. Usage and cost include its managed agents. */
export interface RunBase {
  readonly runId: string;
  readonly steps: readonly Step[];
  readonly usage: Usage;
  readonly costUsd: number;
  readonly startedAtMs: number;
  readonly durationMs: number;
}

/** What a run resolves with: what is known of it, and how it ended. */
export type RunResult<Output = PlainValue> = RunBase & RunEnding<Output>;

/** How a run ended, told apart by `state`. */
export type RunEnding<Output> =
  | { readonly state: "success"; readonly output: Output }
  /** After one last call for an answer: its text, and the output where it has the right type. */
  | { readonly state: "limit"; readonly limit: LimitName; readonly output?: Output; readonly text?: string }
  | { readonly state: "aborted"; readonly reason: unknown }
  /** Waits for decisions. Hand `resumeState`, plain JSON, to `agent.resume` with them: also in another process, days later. */
  | { readonly state: "suspended"; readonly pending: readonly Approval[]; readonly resumeState: SuspendedRun };
