import type { RunContext } from "./run-context.ts";
import type { AnyTool } from "./tool.ts";
import type { Json, PlainValue } from "./value.ts";

/** A call as the policy and the approver see it: the literal arguments. */
export interface ToolCallRequest {
  readonly callId: string;
  readonly tool: string;
  /** May hold what JSON has no word for, such as bigints. */
  readonly input: PlainValue;
  readonly runId: string;
  /** Names of the agents from the outermost to the one that calls. */
  readonly agentPath: readonly string[];
}

/** Decides on each call before the tool runs. Throwing refuses. */
export type ToolPolicy = (call: ToolCallRequest, context: unknown) => ToolDecision | Promise<ToolDecision>;
/** What a policy says of a call. */
export type ToolDecision =
  | "allow"
  | "ask"
  | { readonly deny: string }
  /** Ask, and tell the approver why. */
  | { readonly ask: string }
  /** Call the tool with other arguments; with `ask` too, ask about those. */
  | { readonly rewrite: Readonly<Record<string, PlainValue>>; readonly ask?: string };

/**
 * What to do with a tool that sends data out (`egress`) once the run, its managed agents included, has read what strangers may have written
 * (`ingests: "untrusted"`): `"warn"` says at the start of a run that its agent can be made to leak, `"block"` refuses such calls unless they are
 * approved, `"ask"` asks for the approval.
 */
export type DataPolicy = "off" | "warn" | "block" | "ask";

/** What a run tree has come into contact with. A program can carry anything anywhere, so the whole run counts as one. */
export interface Exposure {
  /** Names of the tools that brought untrusted content in. */
  readonly untrusted: Set<string>;
}

/** Answers at once what the policy or `needsApproval` asks. */
export type Approve = (call: Approval) => ApprovalDecision | Promise<ApprovalDecision>;

/** A call that waits for a decision. */
export interface Approval extends ToolCallRequest {
  /** Names it in `decisions`: unique in the run and all its managed agents. */
  readonly id: string;
  readonly reason?: string | undefined;
}

/** `true` lets the call through, `false` denies it; with more to say, an object. `input` replaces the arguments. */
export type ApprovalDecision = boolean | { readonly approve: boolean; readonly reason?: string; readonly input?: { readonly [name: string]: Json } };

/** Whether anybody has a say in calls of this tool. */
export function isGuarded(run: RunContext, tool: AnyTool): boolean {
  const line = lineOf(run);
  if (tool.needsApproval !== false || line.some(({ agent }) => agent.toolPolicy !== undefined)) return true;
  return tool.egress && ["block", "ask"].includes(strictest(line));
}

/** The run with its managers, the outermost first: each of them has a say. */
export function lineOf(run: RunContext): readonly RunContext[] {
  return run.scope.parent === undefined ? [run] : [...lineOf(run.scope.parent.run), run];
}

export function strictest(line: readonly RunContext[]): DataPolicy {
  const policies = line.map(({ agent }) => agent.dataPolicy);
  return (["block", "ask", "warn"] as const).find((policy) => policies.includes(policy)) ?? "off";
}
