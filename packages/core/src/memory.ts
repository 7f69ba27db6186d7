import type { ErrorCode, ErrorInfo } from "./errors.ts";
import type { Execution } from "./executor.ts";
import type { Attachment } from "./media.ts";
import type { ContentPart, Message, ToolResultPart, Usage } from "./model.ts";
import { atLeast, ofKind } from "./option-checks.ts";

/** What a run remembers, as plain data: each step holds its own data only. */
export type Step = SystemStep | TaskStep | SummaryStep | PlanningStep | ActionStep;

/** The agent's system prompt. */
export interface SystemStep {
  readonly type: "system";
  readonly prompt: string;
}

/** A task, as the model reads it. */
export interface TaskStep {
  readonly type: "task";
  readonly task: string;
  /** Images and other media that belong to the task. */
  readonly attachments: readonly Attachment[];
  /** As in an action, where a manager gave the task. */
  readonly untrusted?: readonly string[] | undefined;
}

/** What a compactor has put in the place of older steps. */
export interface SummaryStep {
  readonly type: "summary";
  readonly summary: string;
  /** As in an action: of all the steps that went into it. */
  readonly untrusted?: readonly string[] | undefined;
}

/** What the model means to do, before the action `step`. */
export interface PlanningStep {
  readonly type: "planning";
  readonly step: number;
  readonly plan: string;
  /** As in an action. */
  readonly untrusted?: readonly string[] | undefined;
  readonly usage: Usage;
  readonly startedAtMs: number;
  readonly durationMs: number;
}

/** One turn of the loop: what the model wrote, and what came of it. */
export interface ActionStep {
  readonly type: "action";
  /** From 1, in each run. */
  readonly step: number;
  /** The model's text, closed where it stopped at the closing tag. */
  readonly modelOutput: string;
  /** The answer in parts, where its actions were tool calls: reasoning, text, calls. */
  readonly modelParts?: readonly ContentPart[] | undefined;
  readonly thought: string;
  /** Empty when there was no program. */
  readonly code: string;
  /** What the model is shown of the outcome. */
  readonly observation: string;
  /** The outcome of each call, for models that called tools themselves. */
  readonly toolResults?: readonly ToolResultPart[] | undefined;
  /** Pictures that belong to the observation. */
  readonly images?: readonly Attachment[] | undefined;
  readonly error?: StepError | undefined;
  readonly outputs: Execution["outputs"];
  readonly toolCalls: readonly ToolCallRecord[];
  /** Names of the tools that had brought untrusted content into the run by its end. A run that gets a step without them counts it as such content. */
  readonly untrusted?: readonly string[] | undefined;
  readonly usage: Usage;
  readonly startedAtMs: number;
  readonly durationMs: number;
  readonly isFinal: boolean;
}

/** What went wrong in a step, as the model was shown it. */
export interface StepError extends ErrorInfo {
  /** One of the codes in docs/errors.md; `unknown` for an error that isn't ours. */
  readonly code: ErrorCode | "unknown";
}

/** A call that a step made, and whether it failed. */
export interface ToolCallRecord {
  readonly id: string;
  readonly tool: string;
  readonly error?: ErrorInfo | undefined;
}

/** Which messages are made of a memory. */
export interface MessagesOptions {
  /** Without the system prompt, plans and the model's own texts: what happened, for another reader. @default false */
  readonly summary?: boolean | undefined;
}

/** The steps of one run and their messages: rendered once and appended, so that prompts share a stable prefix. Only an edit renders again. */
export class Memory {
  #steps: Step[] = [];
  #messages: Message[] = [];
  /** How many messages there were before each step. */
  #starts: number[] = [];

  constructor(steps: readonly Step[] = []) {
    for (const step of steps) this.add(step);
  }

  add(step: Step): void {
    this.#steps.push(step);
    this.#starts.push(this.#messages.length);
    this.#messages.push(...renderStep(step));
  }

  get steps(): readonly Step[] {
    return this.#steps;
  }

  /** Replaces the steps by what the function makes of them: drop, change or insert any. Messages before the first change stay what they are. */
  edit(change: (steps: readonly Step[]) => readonly Step[]): void {
    const edited = ofKind("a list", "what change returns", change(this.#steps));
    let same = 0;
    while (same < edited.length && edited[same] === this.#steps[same]) same++;
    this.truncate(same);
    for (const step of edited.slice(same)) this.add(step);
  }

  /** Forgets the steps from this index on. Minimum 0. */
  truncate(length: number): void {
    if (atLeast(0, "length", length) >= this.#steps.length) return;
    this.#steps = this.#steps.slice(0, length);
    this.#messages = this.#messages.slice(0, this.#starts.splice(this.#steps.length)[0]);
  }

  /** The prompt so far. The array is the caller's; the messages are shared. */
  toMessages({ summary = false }: MessagesOptions = {}): Message[] {
    return summary ? this.#steps.flatMap(summarizeStep) : this.#messages.slice();
  }

  /** The steps with everything, as plain data. */
  fullSteps(): Step[] {
    return this.#steps.slice();
  }

  /** What was done and seen, without pictures, rich output and the parts of the model's answer. */
  succinctSteps(): Partial<Step>[] {
    return this.#steps.map((step) => {
      if (step.type === "task") return { type: step.type, task: step.task };
      if (step.type !== "action") return step;
      const { modelParts, images, outputs, ...succinct } = step;
      return succinct;
    });
  }

  /** All programs of the run as one. */
  fullCode(): string {
    return this.#steps.flatMap((step) => (step.type === "action" && step.code !== "" ? [step.code] : [])).join("\n\n");
  }
}

function renderStep(step: Step): readonly Message[] {
  switch (step?.type) {
    case "system":
      return [{ role: "system", content: step.prompt }];
    case "task":
      return [{ role: "user", content: withAttachments(step.task, step.attachments) }];
    case "summary":
      return [{ role: "user", content: step.summary }];
    case "planning":
      return [
        { role: "assistant", content: step.plan },
        { role: "user", content: "Now go on and carry out this plan." },
      ];
    case "action": {
      const { modelOutput, modelParts, observation, toolResults = [], images = [] } = step;
      const messages: Message[] = [{ role: "assistant", content: modelParts ?? modelOutput }];
      if (toolResults.length > 0) messages.push({ role: "tool", content: toolResults });
      if (observation !== "" || images.length > 0) messages.push({ role: "user", content: withAttachments(observation, images) });
      return messages;
    }
    default:
      throw new TypeError(`Expected memory to be made of steps, as in \`result.steps\`, got ${JSON.stringify(step)?.slice(0, 100)}`);
  }
}

function summarizeStep(step: Step): readonly Message[] {
  if (step.type === "task" || step.type === "summary") return renderStep(step);
  if (step.type !== "action") return [];
  const seen = [...(step.toolResults ?? []).map(({ name, content }) => `${name}: ${content}`), step.observation];
  return [{ role: "user", content: seen.filter(Boolean).join("\n") }];
}

function withAttachments(text: string, attachments: readonly Attachment[]): string | readonly ContentPart[] {
  if (attachments.length === 0) return text;
  return text === "" ? attachments : [{ type: "text", text }, ...attachments];
}
