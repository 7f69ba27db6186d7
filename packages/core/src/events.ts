import type { ErrorInfo, LimitName } from "./errors.ts";
import type { Execution, OutputChunk, RichOutput } from "./executor.ts";
import type { ActionStep, PlanningStep } from "./memory.ts";
import type { Usage } from "./model.ts";
import type { Approval } from "./policy.ts";
import type { Json, Value } from "./value.ts";

/** What every event carries. */
export interface EventBase {
  /** Counts up within a run, from 1, also where it goes on after a suspension. Joining unread pieces of one text leaves gaps. */
  readonly seq: number;
  readonly runId: string;
  /** Names of the agents from the outermost to the one that speaks. */
  readonly agentPath: readonly string[];
  /** The call that a managed agent answers: tells two calls of one agent apart. Absent for the outermost agent. */
  readonly callPath?: string | undefined;
  /** The step's number, from 1; absent outside steps. */
  readonly step?: number | undefined;
}

/** One thing that happened, as data. */
export type EventBody =
  | { readonly type: "run-start"; readonly task: string }
  /** A managed agent begins, and ends: `agentPath` says which, in whose run. */
  | { readonly type: "agent-start"; readonly task: string }
  | ({ readonly type: "agent-end" } & Ending)
  /** Something the caller should know, such as an executor without isolation. */
  | { readonly type: "warning"; readonly message: string }
  | { readonly type: "sandbox-progress"; readonly message: string }
  | { readonly type: "step-start" }
  | { readonly type: "plan"; readonly plan: PlanningStep }
  | { readonly type: "model-delta"; readonly part: "text" | "reasoning"; readonly text: string }
  /** The model is asked again: what its deltas have said since the last end of an answer is void. */
  | { readonly type: "model-retry"; readonly message: string; readonly delayMs: number }
  | { readonly type: "model-end"; readonly usage: Usage }
  | { readonly type: "code"; readonly thought: string; readonly code: string }
  | ({ readonly type: "output-delta" } & OutputChunk)
  | { readonly type: "tool-call"; readonly callId: string; readonly tool: string; readonly input: Value }
  | { readonly type: "tool-data"; readonly callId: string; readonly tool: string; readonly data: Json }
  /** A call waits for a decision. */
  | { readonly type: "approval"; readonly approval: Approval }
  | {
      readonly type: "tool-result";
      readonly callId: string;
      readonly tool: string;
      readonly value?: Value;
      readonly error?: ErrorInfo;
      /** The whole error, for the host alone: its own `cause` is what the tool threw. Absent where a journal remembers it. */
      readonly cause?: unknown;
      readonly durationMs: number;
    }
  | { readonly type: "rich-output"; readonly output: RichOutput }
  | { readonly type: "execution"; readonly execution: Execution }
  | { readonly type: "step-end"; readonly action: ActionStep }
  /** The one terminal event. */
  | ({ readonly type: "run-end" } & Ending);

/** What the last event of a run, or of a managed agent, tells. */
export interface Ending {
  readonly state: RunState;
  /** Managed agents included. */
  readonly usage: Usage;
  readonly costUsd: number;
  readonly durationMs: number;
  /** The one that was reached. */
  readonly limit?: LimitName;
  /** Where there is an answer. */
  readonly output?: unknown;
  /** Of the last call for an answer, at a limit. */
  readonly text?: string;
  /** Why it has failed, was aborted or, of a suspended one, could not go on. */
  readonly error?: ErrorInfo;
}

/** How a run ended. `failed` is the world's fault or ours: the run's promise is rejected. */
export type RunState = "success" | "limit" | "aborted" | "suspended" | "failed";

/** One thing that happened in a run, told apart by `type`. */
export type AgentEvent = EventBase & EventBody;
