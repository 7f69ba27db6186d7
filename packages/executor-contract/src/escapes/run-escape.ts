import { CodeletError, type SandboxCall, type Value } from "@codelet/core";
import type { CaseContext } from "../case-context.ts";
import { driveStep } from "../drive-step.ts";
import { eventLoopLag, rssGrowth } from "../host-health.ts";
import { canSeeProcesses, descendants, type HostProcess, isAlive, newDescendants, survivors } from "../host-processes.ts";
import { pause } from "../within.ts";
import { canariesIn, layCanaries } from "./canaries.ts";
import type { PlannedEscape } from "./corpus.ts";
import { escapeFunctions, escapeToolSignatures } from "./escape-tools.ts";

/** What came of one attack. */
export interface EscapeOutcome {
  readonly value: Value;
  readonly error: { readonly name: string; readonly message: string } | undefined;
  /** Secrets that got out, and traps that went off. Nothing of it may ever be there. */
  readonly leaks: readonly string[];
  /** What became of the host. */
  readonly ailments: readonly string[];
}

const maxLagMs = 100;
/** Below this, the 99th percentile of the lag is one late timer. */
const minMeasuredMs = 1_000;
const maxGrowthBytes = 64 * 1024 * 1024;
const deadlineMarginMs = 15_000;
const processGraceMs = 2_000;
const sessionMarker = "CANARY-SESSION-A";

/** Runs an attack in a session of its own, with canaries laid out, and looks what it reached. */
export async function runEscape(context: CaseContext, entry: PlannedEscape): Promise<EscapeOutcome> {
  const before = descendants();
  const canaries = await layCanaries();
  try {
    const lag = eventLoopLag();
    const growth = rssGrowth();
    const startedAt = performance.now();
    const seen = await attack(context, entry, before);
    const elapsedMs = performance.now() - startedAt;
    const ailments = [
      ...over("event loop lag in ms", elapsedMs < minMeasuredMs ? 0 : lag(), maxLagMs),
      ...over("growth of the host in bytes", growth(), maxGrowthBytes),
      ...(await healthProblems(context, () => [...newDescendants(before), ...seen.processes.filter(isAlive)])),
    ];
    if (entry.waitMs !== undefined) await pause(entry.waitMs);
    const followup = entry.followup === undefined ? [] : await followUp(context, entry.followup);
    const leaks = [...canariesIn(seen.texts).map((canary) => `${canary} came out`), ...followup, ...canaries.sprung()];
    return { value: seen.value, error: seen.error, leaks, ailments };
  } finally {
    await canaries.remove();
  }
}

interface Seen {
  readonly value: Value;
  readonly error: { readonly name: string; readonly message: string } | undefined;
  /** Everything that crossed, as text. */
  readonly texts: readonly string[];
  /** What ran when the step was over: its orphans would no longer be found among our descendants. */
  readonly processes: readonly HostProcess[];
}

async function attack(context: CaseContext, { code, timeoutMs }: PlannedEscape, before: readonly HostProcess[]): Promise<Seen> {
  const session = await context.open({ tools: escapeToolSignatures });
  let live = "";
  const onOutput = ({ text }: { readonly text: string }): void => {
    if (live.length < 10_000_000) live += text;
  };
  try {
    const { execution, calls } = await driveStep(session, code, {
      tools: escapeFunctions,
      timeoutMs,
      deadlineMs: timeoutMs + deadlineMarginMs,
      onOutput,
    });
    const value = execution.finalAnswer === undefined ? execution.value : execution.finalAnswer.value;
    const error = execution.error;
    return {
      value,
      error,
      processes: newDescendants(before),
      texts: [
        live,
        execution.logs,
        execution.valueText ?? "",
        error?.message ?? "",
        error?.traceback ?? "",
        textOf(value),
        textOf(execution.outputs),
        ...calls.map(textOfCall),
      ],
    };
  } catch (error) {
    if (!CodeletError.isInstance(error)) throw error;
    return { value: null, error, processes: newDescendants(before), texts: [live, error.message, textOf(error.details)] };
  } finally {
    await session[Symbol.asyncDispose]();
  }
}

async function followUp(context: CaseContext, code: string): Promise<readonly string[]> {
  const session = await context.open();
  const { execution } = await context.run(session, code);
  return [execution.logs, textOf(execution.value)].some((text) => text.includes(sessionMarker))
    ? [`cross-session: ${sessionMarker} was seen by the next session`]
    : [];
}

/** The same executor still computes, and nothing of the attack goes on. */
async function healthProblems(context: CaseContext, running: () => readonly HostProcess[]): Promise<readonly string[]> {
  const problems: string[] = [];
  if (canSeeProcesses) {
    const left = await survivors(running, processGraceMs);
    if (left.length > 0) problems.push(`${left.length} processes are left: ${left.map(({ command }) => command).join(", ")}`);
  }
  try {
    if ((await onePlusOne(context)) !== 2) problems.push("1 + 1 is no longer 2");
  } catch (error) {
    problems.push(`the executor no longer works: ${String(error)}`);
  }
  return problems;
}

/** In a fresh session when there is time for it, else in the one that was open all the while. */
async function onePlusOne({ options, open, run, evaluate }: CaseContext): Promise<Value> {
  if (!options.full) return evaluate("1 + 1");
  const session = await open();
  const { execution } = await run(session, "1 + 1");
  await session[Symbol.asyncDispose]();
  return execution.value;
}

function over(what: string, value: number, max: number): readonly string[] {
  return value > max ? [`${what}: ${Math.round(value)}, allowed are ${max}`] : [];
}

function textOfCall({ tool, args, kwargs }: SandboxCall): string {
  return `${tool} ${textOf(args)} ${textOf(kwargs)}`;
}

/** Also what is inside of bytes. */
function textOf(value: unknown): string {
  return (
    JSON.stringify(value, (_, item: unknown) => {
      if (typeof item === "bigint") return String(item);
      return item instanceof Uint8Array ? Buffer.from(item).toString("latin1") : item;
    }) ?? ""
  );
}
