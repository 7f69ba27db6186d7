import { type DataPolicy, egressProblem } from "./data-flow.ts";
import { ToolError } from "./errors.ts";
import type { RunContext } from "./run-context.ts";
import { toValue } from "./to-value.ts";
import type { AnyTool } from "./tool.ts";
import type { Json, PlainValue } from "./value.ts";

/** A call as the policy and the approver see it: the literal arguments. */
export interface ToolCallRequest {
  readonly callId: string;
  readonly tool: string;
  readonly input: PlainValue;
  readonly runId: string;
  /** Names of the agents from the outermost to the one that calls. */
  readonly agentPath: readonly string[];
}

/** Decides on each call before the tool runs. Throwing refuses. */
export type ToolPolicy = (call: ToolCallRequest, context: unknown) => ToolDecision | Promise<ToolDecision>;
export type ToolDecision =
  | "allow"
  | "ask"
  | { readonly deny: string }
  /** Ask, and tell the approver why. */
  | { readonly ask: string }
  /** Call the tool with other arguments. */
  | { readonly rewrite: Readonly<Record<string, PlainValue>> };

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

/** What the journal keeps of a decision: plain data. `input` replaces the arguments. */
type Verdict = { readonly deny: string } | { readonly ask?: string; readonly input: PlainValue | null };

/** Lets a call through, with the arguments that it is to have. Throws ToolError (`tool-denied`), or what suspends the run. */
export async function authorize(run: RunContext, tool: AnyTool, key: string, request: ToolCallRequest, signal: AbortSignal): Promise<PlainValue> {
  const line = lineOf(run);
  const dataPolicy = strictest(line);
  if (line.every(({ agent }) => agent.toolPolicy === undefined) && tool.needsApproval === false && !(tool.egress && dataPolicy !== "warn"))
    return request.input;
  const outcome = await run.operate<Verdict>(`${key}/policy`, "policy", () => judge(line, dataPolicy, tool, request));
  const verdict = "value" in outcome ? outcome.value : { deny: `the policy failed (${outcome.error.message})` };
  if ("deny" in verdict) throw refusal(tool, verdict.deny);
  const input = verdict.input ?? request.input;
  if (verdict.ask === undefined) return input;
  return askFor(run, tool, key, { ...request, input, id: run.path + key, ...(verdict.ask === "" ? {} : { reason: verdict.ask }) }, signal);
}

/** The run with its managers, the outermost first: each of them has a say. */
function lineOf(run: RunContext): readonly RunContext[] {
  return run.scope.parent === undefined ? [run] : [...lineOf(run.scope.parent.run), run];
}

function strictest(line: readonly RunContext[]): DataPolicy {
  const policies = line.map(({ agent }) => agent.dataPolicy);
  return (["block", "ask", "warn"] as const).find((policy) => policies.includes(policy)) ?? "off";
}

async function judge(line: readonly RunContext[], dataPolicy: DataPolicy, tool: AnyTool, request: ToolCallRequest): Promise<Verdict> {
  const { exposure, options } = line.at(-1) as RunContext;
  let ask: string | undefined;
  let input: PlainValue | null = null;
  for (const { agent } of line) {
    if (agent.toolPolicy === undefined) continue;
    const decision = readPolicy(await agent.toolPolicy({ ...request, input: input ?? request.input }, options.context));
    if ("deny" in decision) return decision;
    if (decision.ask !== undefined) ask ||= decision.ask;
    input = decision.input ?? input;
  }
  if (await needsApproval(tool, input ?? request.input, options.context)) ask ??= "";
  const problem = dataPolicy === "block" || dataPolicy === "ask" ? egressProblem(tool, exposure) : undefined;
  if (problem !== undefined && ask === undefined && dataPolicy === "block") return { deny: problem };
  if (problem !== undefined) ask ||= problem;
  return ask === undefined ? { input } : { input, ask };
}

/** A function is asked about the arguments as the tool gets them; those that it doesn't take are refused afterwards. */
async function needsApproval({ needsApproval: needed, input }: AnyTool, given: PlainValue, context: unknown): Promise<boolean> {
  if (typeof needed === "boolean") return needed;
  const checked = await input.check(given);
  return "value" in checked && needed(checked.value as never, context as never);
}

/** What a policy answered; what is none of the known answers refuses. */
function readPolicy(decision: ToolDecision): { readonly deny: string } | { readonly ask?: string; readonly input?: PlainValue } {
  if (decision === "allow") return {};
  if (decision === "ask") return { ask: "" };
  if (typeof decision === "object" && decision !== null) {
    if ("deny" in decision) return { deny: String(decision.deny) };
    if ("ask" in decision) return { ask: String(decision.ask) };
    if ("rewrite" in decision) return { input: toValue(decision.rewrite, Number.POSITIVE_INFINITY) as PlainValue };
  }
  return { deny: `the policy answered ${String(decision)} instead of "allow", "ask", { deny }, { ask } or { rewrite }` };
}

/** Asks whoever can be asked now; else the journal waits for the decision. */
async function askFor(run: RunContext, tool: AnyTool, key: string, approval: Approval, signal: AbortSignal): Promise<PlainValue> {
  const { approve } = run.options;
  const waitKey = `${key}/approval`;
  run.emit({ type: "approval", approval });
  const outcome =
    approve === undefined
      ? { value: await run.waitFor<ApprovalDecision>(waitKey, approval, signal) }
      : await run.operate<ApprovalDecision>(waitKey, "policy", async () => approve(approval));
  const decision = "value" in outcome ? readDecision(outcome.value) : { approve: false, reason: `the approver failed (${outcome.error.message})` };
  if (!decision.approve) throw refusal(tool, decision.reason ?? "it was not approved");
  return decision.input ?? approval.input;
}

function readDecision(decision: ApprovalDecision): Exclude<ApprovalDecision, boolean> {
  if (typeof decision === "boolean") return { approve: decision };
  if (typeof decision === "object" && decision !== null && typeof decision.approve === "boolean") return decision;
  return { approve: false };
}

function refusal(tool: AnyTool, reason: string): ToolError {
  return new ToolError(`The call of ${tool.name} was refused: ${reason}.`, { denied: true });
}
