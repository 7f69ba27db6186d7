import type { ResumeOptions, RunOptions } from "./agent.ts";
import { isDecision } from "./authorize.ts";
import { type CatchUp, CatchUpSession } from "./catch-up.ts";
import type { AgentDefinition } from "./definition.ts";
import { ConfigurationError, describeThrown, ProtocolError } from "./errors.ts";
import type { Ending, RunState } from "./events.ts";
import type { SessionRef } from "./executor.ts";
import type { JournalFactory } from "./journal.ts";
import { leaveSandbox } from "./leave-sandbox.ts";
import { leavingJournal } from "./leaving-journal.ts";
import { Memory, type Step, type TaskStep } from "./memory.ts";
import { atLeast, checkOptions } from "./option-checks.ts";
import type { Approval, ApprovalDecision } from "./policy.ts";
import { type JournalEntry, Recorder } from "./recorder.ts";
import { hash } from "./retry.ts";
import type { RunContext, Thread } from "./run-context.ts";
import type { Sandbox } from "./sandbox.ts";
import { bringBackFromJournal, leaveToJournal } from "./sandbox-record.ts";
import { freshSandbox } from "./saved-conversation.ts";
import { isObject } from "./schema.ts";
import { decodeState, encodeState } from "./state-codec.ts";
import { Stops } from "./stops.ts";
import { Unreached } from "./unreached.ts";
import type { Json } from "./value.ts";
import { keepUsage } from "./whole-usage.ts";

/**
 * A run that waits, as plain JSON: keep it where only you can read and write it, and hand it to `agent.resume` with the decisions, once. It is not signed:
 * whoever can change it can change what has happened and what was approved.
 */
export interface SuspendedRun {
  readonly version: 1;
  readonly runId: string;
  /** What the agents and their tools looked like: they must look the same when the run goes on. */
  readonly agent: Json;
  /** Task, options and earlier steps. */
  readonly given: Json;
  readonly journal: readonly JournalEntry[];
  readonly sandboxes: Readonly<Record<string, SessionRef>>;
  /** Encoded like `given`: whoever decides is shown the result's `pending`, so keep that beside the state. */
  readonly pending: Json;
  readonly suspendedAtMs: number;
  /** When it had been suspended before. */
  readonly pauses: readonly Pause[];
  /** Of its last event: those of the run that goes on count on. */
  readonly lastSeq: number;
}

/** Since when a run was suspended, in milliseconds since the epoch, and for how many milliseconds. */
export type Pause = readonly [atMs: number, pausedMs: number];

/** What a run was given, with media as bytes. */
export interface Given {
  readonly text: string;
  readonly task: TaskStep;
  readonly earlier: readonly Step[];
  /** What had brought untrusted content in before. */
  readonly untrusted: readonly string[];
  /** How many values had a name when it began. */
  readonly valueCount: number;
  readonly options: Pick<RunOptions, "maxSteps" | "additionalArgs" | "runId">;
}

const resumeOptions: { readonly [Name in keyof ResumeOptions]-?: true | string } = {
  signal: "an AbortSignal",
  context: true,
  decisions: "an object",
};

/** What lets a run be left and gone on with: a new one, one that is resumed, or one that a journal of the user's may know already. */
export interface Continuation {
  readonly journal: JournalFactory;
  /** What is behind the journal, unless that is the user's. */
  readonly recorder?: Recorder | undefined;
  /** How the sandboxes of a run get to where they were. */
  bringBack?(run: RunContext): CatchUp;
  /** Leaves a sandbox of a run that ends like this, to be found again; undefined where it ends with the run. */
  leave(run: RunContext, sandbox: Sandbox, state: RunState, ending: Pick<Ending, "error">): Promise<void> | undefined;
  /** What the journal keeps of how a run was stopped; absent where it is not the user's. */
  readonly stops?: Stops | undefined;
  /** Of a run that is resumed. */
  readonly given?: Given | undefined;
  /** Milliseconds between two times in which the run was suspended. */
  pausedMs?(fromMs: number, toMs: number): number;
  /** Of a run that is resumed: what it doesn't come to again. */
  readonly unreached?: Unreached | undefined;
  /** At the end of a run of an agent: counts what it has not come to again. Never rejects. */
  settle?(run: RunContext, state: RunState): Promise<void>;
  /** Of a run that is resumed: what is left of a wall time, of the run itself or one below it. */
  leftMs?(run: RunContext, wallTimeMs: number): number;
  /**
   * The state, to which is added at the end what is known only then. Rejects where something can't be kept; the sandboxes of its agents have ended then.
   * Absent where the run's own journal keeps it.
   */
  suspend?(run: RunContext, given: Given): Promise<() => SuspendedRun>;
}

/** Of a new run, which a journal of the user's may know. */
export function newContinuation(journal: JournalFactory | undefined): Continuation {
  if (journal === undefined) return recorded(new Recorder(), []);
  return { journal: leavingJournal(journal), bringBack: bringBackFromJournal, leave: leaveToJournal, stops: new Stops(), settle: keepUsage };
}

function recorded(recorder: Recorder, pauses: readonly Pause[]): Continuation {
  const suspend = (run: RunContext, given: Given) => suspendedRun(run, given, recorder, pauses);
  const pausedMs = (fromMs: number, toMs: number): number =>
    pauses.filter(([atMs]) => atMs >= fromMs && atMs < toMs).reduce((sumMs, [, pausedMs]) => sumMs + pausedMs, 0);
  return { journal: recorder.factory, recorder, pausedMs, leave: leaveSuspended, suspend };
}

/** What the conversation of the run has then is none of the sandbox's. */
function leaveSuspended(run: RunContext, sandbox: Sandbox, state: RunState): Promise<void> | undefined {
  if (state !== "suspended") return undefined;
  const { thread } = run.scope;
  if (thread !== undefined) Object.assign(thread, { sandbox: undefined, restore: undefined, note: freshSandbox });
  return leaveSandbox(sandbox, run.root.sandboxes);
}

async function suspendedRun(run: RunContext, given: Given, recorder: Recorder, pauses: readonly Pause[]): Promise<() => SuspendedRun> {
  try {
    const kept = {
      version: 1,
      runId: run.runId,
      agent: fingerprint(run.agent.definition),
      given: encodeState(given),
      journal: recorder.entries(),
      pending: encodeState([...run.pending.values()]),
      pauses,
    } as const;
    return () => {
      const sandboxes = Object.fromEntries(run.sandboxes);
      return { ...kept, sandboxes, suspendedAtMs: Date.now(), lastSeq: recorder.lastSeq };
    };
  } catch (error) {
    await new Unreached(recorder, Object.fromEntries(run.sandboxes)).settle(run, "failed");
    throw error;
  }
}

/** Reads a state from outside. Throws ProtocolError when it is none, ConfigurationError when the agent, a decision or the conversation doesn't fit it. */
export async function readSuspendedRun(
  state: SuspendedRun,
  definition: AgentDefinition,
  options: ResumeOptions,
  thread: Thread | undefined,
): Promise<Continuation & { readonly given: Given }> {
  const { decisions: answers = {} } = checkOptions("resume", options, resumeOptions);
  const decisions = new Map(Object.entries(answers).filter(([, decision]) => decision !== undefined));
  for (const [id, decision] of decisions) {
    if (!isDecision(decision))
      throw new TypeError(`Expected the decision on \`${id}\` to be true, false or { approve: true or false, reason, input }`);
  }
  if (state?.version !== 1) throw new ProtocolError(`Expected a suspended run of version 1, as in \`result.resumeState\`, got ${versionOf(state)}.`);
  try {
    if (!isObject(state.agent)) throw new Error("the agent is missing");
    checkSame(state.agent, fingerprint(definition), definition.name);
    const pending = decodeState(state.pending) as unknown as readonly Approval[];
    const ids = new Set(pending.map(({ id }) => id));
    const unknown = [...decisions.keys()].find((id) => !ids.has(id));
    if (unknown !== undefined)
      throw new ConfigurationError(`No pending approval has the id \`${unknown}\`. There are: ${[...ids].join(", ") || "none"}.`);
    const byPath = new Map([...ids].map((id): [string, ApprovalDecision | undefined] => [`${id}/approval`, decisions.get(id)]));
    const before = state.pauses.map(([atMs, pausedMs]): Pause => [atMs, pausedMs]);
    const pauses: Pause[] = [...before, [state.suspendedAtMs, Math.max(0, Date.now() - state.suspendedAtMs)]];
    const given = decodeState(state.given) as unknown as Given;
    const { text, task, earlier, untrusted } = given;
    if (typeof text !== "string" || task?.type !== "task" || !isObject(given.options) || !Array.isArray(untrusted))
      throw new Error("the task is missing");
    if (![state.suspendedAtMs, ...pauses.flat()].every(Number.isFinite)) throw new Error("a time is missing");
    if (!Number.isSafeInteger(state.lastSeq)) throw new Error("the number of events is missing");
    if (!isObject(state.sandboxes)) throw new Error("the sandboxes are missing");
    if (given.options.maxSteps !== undefined) atLeast(1, "maxSteps", given.options.maxSteps);
    new Memory([...earlier, task]); // throws for steps that are none
    const recorder = new Recorder(state.journal, byPath, state.lastSeq);
    // Without it the run would begin anew, with all that it had done.
    if (!recorder.isReplayed("")) throw new Error("what the run has done is missing");
    if (thread !== undefined) await goBack(thread, given, state.runId);
    const hadCode = earlier.some((step) => step.type === "action" && step.code !== "");
    const tellNextTask = (): void => {
      if (thread !== undefined && hadCode) thread.note = sandboxOfTask;
    };
    const unreached = new Unreached(recorder, state.sandboxes);
    const bringBack: CatchUp = (path, executor, open) =>
      recorder.isReplayed(path)
        ? new CatchUpSession(executor, open, { restore: unreached.claim(path), onFresh: path === "" ? tellNextTask : undefined })
        : undefined;
    // One that had ended is only gone through again.
    const leftMs = (run: RunContext, wallTimeMs: number): number =>
      recorder.isOver(run.path) ? Number.POSITIVE_INFINITY : wallTimeMs - run.activeMs(Date.now());
    return { ...recorded(recorder, pauses), given, bringBack: () => bringBack, unreached, settle: unreached.settle.bind(unreached), leftMs };
  } catch (error) {
    if (error instanceof ConfigurationError) throw error;
    throw new ProtocolError(`The state of the suspended run is damaged: ${describeThrown(error).message}`, { cause: error });
  }
}

/** What was handed over instead, as far as it can be told. */
function versionOf(state: unknown): string {
  const isOther = typeof state === "object" && state !== null && "version" in state;
  const parse = typeof state === "string" ? ": parse its JSON first" : "";
  return isOther ? `version ${String(state.version)}` : `type \`${typeof state}\` without a version${parse}`;
}

const sandboxOfTask = "The sandbox began with the task before this one: variables, functions and imports from earlier ones are gone.";

/** A conversation that has gone on would lose what came since. Its sandbox is where the runs before have left it, and not in the middle of this one. */
async function goBack(thread: Thread, { task, earlier }: Given, runId: string): Promise<void> {
  const tasksOf = (steps: readonly Step[]): readonly string[] => steps.flatMap((step) => (step.type === "task" ? [step.task] : []));
  const before = tasksOf(earlier);
  const asked = tasksOf(thread.memory.steps);
  const last = asked.at(-1);
  const isNext = asked.length <= before.length + 1 && (last === undefined || last === task.task || last === before.at(-1));
  // Where it is known which run was left, its tasks don't count: callbacks may have added some, and another run may have had the same one.
  if (thread.left === undefined ? !isNext : thread.left !== runId)
    throw new ConfigurationError(
      "The conversation has gone on since the run was suspended. Resume the run with its agent, or in the conversation as it was saved before it went on.",
    );
  const { sandbox } = thread;
  thread.sandbox = undefined;
  thread.note = undefined;
  await sandbox?.[Symbol.asyncDispose]();
}

interface Fingerprint {
  readonly kind: string;
  readonly tools: Readonly<Record<string, number>>;
  readonly agents: Readonly<Record<string, Fingerprint>>;
}

function fingerprint({ kind, tools, managedAgents }: AgentDefinition): Json {
  const shapes = tools.map(({ name, input, output }): [string, number] => [name, hash(JSON.stringify([input.json, output?.json ?? null]))]);
  return { kind, tools: Object.fromEntries(shapes), agents: Object.fromEntries(managedAgents.map((agent) => [agent.name, fingerprint(agent)])) };
}

function checkSame(stored: Json, current: Json, agent: string): void {
  const before = stored as unknown as Fingerprint;
  const now = current as unknown as Fingerprint;
  const changed = (what: string): ConfigurationError =>
    new ConfigurationError(`The run can't go on: ${what} since it was suspended. Resume it with the agent that it was started with.`);
  if (before?.kind !== now.kind) throw changed(`the agent \`${agent}\` has become another kind`);
  for (const [name, shape] of Object.entries(before.tools))
    if (now.tools[name] !== shape)
      throw changed(`the tool \`${name}\` of \`${agent}\` ${name in now.tools ? "takes or gives something else" : "is gone"}`);
  for (const [name, inner] of Object.entries(before.agents)) {
    const managed = now.agents[name];
    if (managed === undefined) throw changed(`the managed agent \`${name}\` of \`${agent}\` is gone`);
    checkSame(inner as unknown as Json, managed as unknown as Json, name);
  }
}
