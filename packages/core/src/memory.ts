import type { ErrorCode, ErrorInfo } from "./errors.ts";
import type { Execution } from "./executor.ts";
import type { ContentPart, Message, Usage } from "./model.ts";
import type { Media } from "./value.ts";

/** What a run remembers, as plain data: each step holds its own data only. */
export type Step = SystemStep | TaskStep | ActionStep;

export interface SystemStep {
  readonly type: "system";
  readonly prompt: string;
}

export interface TaskStep {
  readonly type: "task";
  readonly task: string;
  readonly images: readonly Media[];
}

/** One turn of the loop: what the model wrote, and what its program did. */
export interface ActionStep {
  readonly type: "action";
  /** From 1. */
  readonly step: number;
  /** The model's text, closed where it stopped at the closing tag. */
  readonly modelOutput: string;
  readonly thought: string;
  /** Empty when the text held no program. */
  readonly code: string;
  /** What the model is shown of the outcome. */
  readonly observation: string;
  readonly error?: StepError | undefined;
  readonly outputs: Execution["outputs"];
  readonly toolCalls: readonly ToolCallRecord[];
  readonly usage: Usage;
  readonly startedAtMs: number;
  readonly durationMs: number;
  readonly isFinal: boolean;
}

export interface StepError extends ErrorInfo {
  /** One of the codes in docs/errors.md; `unknown` for an error that isn't ours. */
  readonly code: ErrorCode | "unknown";
}

export interface ToolCallRecord {
  readonly id: string;
  readonly tool: string;
  readonly error?: ErrorInfo | undefined;
}

/** The steps of one run and their messages: rendered once, appended, never changed, so that prompts share a stable prefix. */
export class Memory {
  readonly #steps: Step[] = [];
  readonly #messages: Message[] = [];

  add(step: Step): void {
    this.#steps.push(step);
    this.#messages.push(...renderStep(step));
  }

  get steps(): readonly Step[] {
    return this.#steps;
  }

  /** The prompt so far. The array is the caller's; the messages are shared. */
  messages(): Message[] {
    return this.#messages.slice();
  }
}

function renderStep(step: Step): readonly Message[] {
  switch (step.type) {
    case "system":
      return [{ role: "system", content: step.prompt }];
    case "task":
      return [{ role: "user", content: step.images.length === 0 ? step.task : withImages(step.task, step.images) }];
    case "action":
      return [
        { role: "assistant", content: step.modelOutput },
        { role: "user", content: step.observation },
      ];
  }
}

function withImages(text: string, images: readonly Media[]): readonly ContentPart[] {
  return [{ type: "text", text }, ...images.map((image): ContentPart => ({ type: "image", image }))];
}
