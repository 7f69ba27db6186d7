import { abortable } from "./abort.ts";
import { egressProblem } from "./data-flow.ts";
import { ToolError } from "./errors.ts";
import { type Approval, type ApprovalDecision, type DataPolicy, lineOf, strictest, type ToolCallRequest, type ToolDecision } from "./policy.ts";
import type { RunContext } from "./run-context.ts";
import { isObject } from "./schema.ts";
import { toValue } from "./to-value.ts";
import type { AnyTool } from "./tool.ts";
import { nameArguments } from "./tool-values.ts";
import type { PlainValue, Value } from "./value.ts";

/** What the journal keeps of a decision: plain data. `input` replaces the arguments. */
type Verdict = { readonly deny: string } | { readonly ask?: string; readonly input: PlainValue | null };

/**
 * Lets a call through, with the arguments that it is to have. Throws ToolError (`tool-denied`), what suspends the run, or the signal's reason: no sooner than
 * the journal has it, which may know that the call had settled.
 */
export async function authorize(run: RunContext, tool: AnyTool, key: string, request: ToolCallRequest, signal: AbortSignal): Promise<PlainValue> {
  const line = lineOf(run);
  const outcome = await run.operate<Verdict>(`${key}/policy`, "policy", () => abortable(judge(line, strictest(line), tool, request), signal));
  signal.throwIfAborted();
  const verdict = "value" in outcome ? outcome.value : { deny: `the policy failed (${outcome.error.message})` };
  if ("deny" in verdict) throw refusal(tool, verdict.deny);
  const input = verdict.input ?? request.input;
  if (verdict.ask === undefined) return input;
  return askFor(run, tool, key, { ...request, input, id: run.path + key, ...(verdict.ask === "" ? {} : { reason: verdict.ask }) }, signal);
}

async function judge(line: readonly RunContext[], dataPolicy: DataPolicy, tool: AnyTool, request: ToolCallRequest): Promise<Verdict> {
  const { exposure, options } = line.at(-1) as RunContext;
  const reasons: string[] = [];
  let input: PlainValue | null = null;
  let mustAsk = false;
  // The outermost comes last: what it is asked about is what the tool gets.
  for (const { agent } of [...line].reverse()) {
    if (agent.toolPolicy === undefined) continue;
    const decision = readPolicy(tool, await agent.toolPolicy({ ...request, input: input ?? request.input }, options.context));
    if ("deny" in decision) return decision;
    if (decision.ask !== undefined) reasons.push(decision.ask);
    mustAsk ||= decision.ask !== undefined;
    input = decision.input ?? input;
  }
  mustAsk = (await needsApproval(tool, input ?? request.input, options.context)) || mustAsk;
  const problem = dataPolicy === "block" || dataPolicy === "ask" ? egressProblem(tool, exposure) : undefined;
  if (problem !== undefined && !mustAsk && dataPolicy === "block") return { deny: problem };
  if (problem !== undefined) reasons.push(problem);
  return mustAsk || problem !== undefined ? { input, ask: reasons.filter(Boolean).join("; ") } : { input };
}

/** A function is asked about the arguments as the tool gets them; those that it doesn't take are refused afterwards. */
async function needsApproval({ needsApproval: needed, input }: AnyTool, given: PlainValue, context: unknown): Promise<boolean> {
  if (typeof needed === "boolean") return needed;
  const checked = await input.check(given);
  return "value" in checked && needed(checked.value as never, context as never);
}

/** What a policy answered; what is none of the known answers refuses. */
function readPolicy(tool: AnyTool, decision: ToolDecision): { readonly deny: string } | { readonly ask?: string; readonly input?: PlainValue } {
  if (decision === "allow") return {};
  if (decision === "ask") return { ask: "" };
  const { deny, ask, rewrite } = (isObject(decision) ? decision : {}) as Readonly<Record<string, unknown>>;
  if (deny !== undefined) return { deny: String(deny) };
  const input = isObject(rewrite) ? { input: otherArguments(tool, rewrite) } : {};
  if (isObject(rewrite) || (ask !== undefined && rewrite === undefined)) return { ...(ask !== undefined && { ask: String(ask) }), ...input };
  const said = isObject(decision) ? `{ ${Object.keys(decision).join(", ")} }` : String(decision);
  return { deny: `the policy answered ${said} instead of "allow", "ask", { deny }, { ask } or { rewrite }` };
}

/** As strict as with the model: a misspelled name would let the call through with a default. */
function otherArguments(tool: AnyTool, given: object): PlainValue {
  return nameArguments(tool, { args: [], kwargs: toValue(given, Number.POSITIVE_INFINITY) as { readonly [name: string]: Value } });
}

/** Asks whoever can be asked now; else the journal waits for the decision. */
async function askFor(run: RunContext, tool: AnyTool, key: string, approval: Approval, signal: AbortSignal): Promise<PlainValue> {
  const { approve } = run.options;
  const waitKey = `${key}/approval`;
  run.emit({ type: "approval", approval });
  const outcome =
    approve === undefined
      ? { value: await waitFor(run, waitKey, approval, signal) }
      : await run.operate<ApprovalDecision>(waitKey, "policy", async () => abortable(Promise.resolve(approve(approval)), signal));
  signal.throwIfAborted();
  const decision = "value" in outcome ? readDecision(outcome.value) : { approve: false, reason: `the approver failed (${outcome.error.message})` };
  if (!decision.approve) throw refusal(tool, decision.reason ?? "it was not approved");
  return decision.input ? otherArguments(tool, decision.input) : approval.input;
}

/** A decision from outside, sooner or later. */
async function waitFor(run: RunContext, key: string, approval: Approval, signal: AbortSignal): Promise<ApprovalDecision> {
  const { pending } = run.root;
  const path = run.path + key;
  pending.set(path, approval);
  try {
    return await abortable(run.journal.waitFor<ApprovalDecision>(key, signal), signal);
  } finally {
    // A run that is left keeps its approvals; what is decided, or the code gave up on, is none any more.
    if (!run.isLeft) pending.delete(path);
  }
}

/** What is no decision refuses, and says so: nobody meant it. */
function readDecision(decision: ApprovalDecision): Exclude<ApprovalDecision, boolean> {
  if (!isDecision(decision))
    return { approve: false, reason: "the approver answered neither true, false nor { approve: true or false, reason, input }" };
  return typeof decision === "boolean" ? { approve: decision } : decision;
}

/** What a decision may hold: with a misspelled `input`, a call would go through with the arguments that somebody has replaced. */
const decisionNames = ["approve", "reason", "input"];

/** Whether somebody has decided, whatever he says. */
export function isDecision(decision: unknown): decision is ApprovalDecision {
  if (typeof decision !== "object" || decision === null) return typeof decision === "boolean";
  const isKnown = ([name, value]: readonly [string, unknown]): boolean =>
    value === undefined || (decisionNames.includes(name) && (name !== "input" || isObject(value)));
  return "approve" in decision && typeof decision.approve === "boolean" && Object.entries(decision).every(isKnown);
}

function refusal(tool: AnyTool, reason: string): ToolError {
  return new ToolError(`The call of ${tool.name} was refused: ${reason}.`, { denied: true });
}
