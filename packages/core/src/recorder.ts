import { abortable, sleep } from "./abort.ts";
import { AbortedError } from "./errors.ts";
import { SandboxAway } from "./find-sandbox.ts";
import { type Journal, type JournalFactory, type OperationName, type Outcome, operationError, race, Suspension } from "./journal.ts";
import type { Spent } from "./limits.ts";
import { type ModelResponse, noUsage, type Usage } from "./model.ts";
import type { ApprovalDecision } from "./policy.ts";
import { decodeState, encodeState } from "./state-codec.ts";
import type { Json, Value } from "./value.ts";

/** What happened at one place of a run: how an operation ended, or a time, a choice, a decision. */
export type JournalEntry = readonly [path: string, kind: "outcome" | "value", entry: Json];

/** Other threads of a program may still be about to make calls that wait too. In turns, since a process that is busy with other things gives them none. */
const graceTurns = 10;
/** For the calls that waited to come to where they did; one whose arguments are refused by now never does. */
const comingTurns = 1_000;
const turnMs = 10;

/** Of the paths of operations: an answer to the agent or to its compactor, and which attempt after the first. */
const modelCall = /\/(?:model|compact\.\d+)(\.\d+)?$/;
/** Of those, where it is an action: its step. */
const stepOfCall = /^(?:.*\/)?\d+\/(?=model$)/;

/** Of the paths of values: times and choices. */
const isNumber = /(?:^|\/)(?:start|end|pick\.\d+)$/;
/** The end of a run or of a step. */
const isEnd = /(?:^|\/)end$/;

/** A model that a resumed run doesn't ask again, and what was spent with that. */
export interface Unread {
  readonly path: string;
  readonly usage: Usage;
  readonly spent: Partial<Spent>;
}

/** What a manager got from an agent, what had brought untrusted content in by then, and what the agent had spent, with those below it. */
export interface EndedCall {
  readonly outcome: Outcome<Value>;
  readonly untrusted: readonly string[];
  readonly spent: Spent;
  readonly usage: Usage;
}

/**
 * A journal in memory that keeps what happened, so that the run can be left and gone on with later. It leaves when decisions are waited for and
 * nothing else goes on.
 */
export class Recorder {
  readonly #outcomes = new Map<string, Outcome<unknown>>();
  readonly #values = new Map<string, Json>();
  /** Outcomes that a state knows, until they are asked for. */
  readonly #unread: Set<string>;
  /** What was waited for, with the decision if there is one: those that nobody has come to yet. */
  readonly #decisions: Map<string, ApprovalDecision | undefined>;
  /** Until decisions are told; the run is not left before. */
  #coming: Promise<void> | undefined;
  readonly #waits = new Map<string, (error: Suspension) => void>();
  readonly #left = Promise.withResolvers<never>();
  #run: Parameters<JournalFactory>[0] | undefined;
  #working = 0;
  #leaving: ReturnType<typeof setTimeout> | undefined;
  /** Paths of runs that a state knows, until they do something that it doesn't. */
  readonly #replayed: Set<string>;
  /** Paths of runs and steps that a state knows to their end. */
  readonly #ended: ReadonlySet<string>;
  #suspension: Suspension | undefined;
  #lastSeq: number;

  /** Goes on from what a state holds, and throws where that is damaged; `decisions` are by the path that waits for them, undefined where there is none yet. */
  constructor(entries: readonly JournalEntry[] = [], decisions: ReadonlyMap<string, ApprovalDecision | undefined> = new Map(), lastSeq = 0) {
    this.#lastSeq = lastSeq;
    for (const [path, kind, entry] of entries) {
      if (kind === "outcome") this.#outcomes.set(path, readOutcome(path, decodeState(entry) as unknown as Outcome<unknown>));
      else if (isNumber.test(path) && !Number.isFinite(entry)) throw new Error("a time or a choice is none");
      else this.#values.set(path, entry);
    }
    this.#unread = new Set(this.#outcomes.keys());
    this.#replayed = new Set([...this.#values.keys()].filter((path) => /(?:^|\/)start$/.test(path)).map((path) => path.slice(0, -"start".length)));
    this.#ended = new Set([...this.#values.keys()].filter((path) => isEnd.test(path)).map((path) => path.slice(0, -"end".length)));
    this.#decisions = new Map(decisions);
    this.#left.promise.catch(() => {});
  }

  /** Whether the run of this path was there before, and has so far done nothing that isn't recorded. */
  isReplayed(path: string): boolean {
    return this.#replayed.has(path);
  }

  /** Whether the outcome of an operation is known. */
  knows(path: string): boolean {
    return this.#outcomes.has(path);
  }

  /** Whether the run of this path had ended. Where it goes another way now, as it is gone through again, nothing comes of it. */
  isOver(run: string): boolean {
    for (let at = run.indexOf("/"); at >= 0; at = run.indexOf("/", at + 1)) if (this.#ended.has(run.slice(0, at + 1))) return true;
    return false;
  }

  /** What was spent below a path, where nobody has asked the models again; each once. A step has one action, and what it called is below it. */
  takeUnread(below: string): Unread[] {
    const taken: Unread[] = [];
    let calls: ReadonlyMap<string, ReadonlySet<string>> | undefined;
    for (const path of this.#unread) {
      const [call, retry] = (path.startsWith(below) && modelCall.exec(path)) || [];
      if (call === undefined) continue;
      this.#unread.delete(path);
      const step = stepOfCall.exec(path)?.[0];
      if (step !== undefined) calls ??= this.#callsBySteps();
      const action = step === undefined ? {} : { steps: 1, toolCalls: calls?.get(step)?.size ?? 0 };
      const outcome = this.#outcomes.get(path) as Outcome<ModelResponse>;
      // A call counts once, also where it failed.
      taken.push({ path, usage: "value" in outcome ? outcome.value.usage : noUsage, spent: retry === undefined ? { modelCalls: 1, ...action } : {} });
    }
    return taken;
  }

  #callsBySteps(): ReadonlyMap<string, ReadonlySet<string>> {
    const calls = new Map<string, Set<string>>();
    for (const path of [...this.#outcomes.keys(), ...this.#values.keys()])
      for (const { index, 0: call } of path.matchAll(/(?<=\/)tool\.[^/]*/g)) {
        const step = path.slice(0, index);
        const known = calls.get(step) ?? new Set();
        calls.set(step, known.add(call));
      }
    return calls;
  }

  /** How the run of a managed agent had ended; what it spent is not below its path any more. */
  takeEnd(path: string): EndedCall | undefined {
    const outcome = this.#outcomes.get(path);
    if (outcome === undefined || !("value" in outcome)) return undefined;
    for (const each of this.#unread) if (each.startsWith(`${path}/`)) this.#unread.delete(each);
    return outcome.value as EndedCall;
  }

  keepEnd(path: string, { outcome, ...more }: EndedCall): void {
    if (this.isOver(path)) return;
    const kept = "value" in outcome ? outcome : { error: { name: outcome.error.name, message: outcome.error.message } };
    this.#outcomes.set(path, { value: { outcome: kept, ...more } });
  }

  readonly factory: JournalFactory = (run) => {
    this.#run = run;
    return this.#journal("");
  };

  /** How many events were told. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** What has happened, as plain JSON. */
  entries(): JournalEntry[] {
    const outcomes = [...this.#outcomes].map(([path, outcome]): JournalEntry => [path, "outcome", encodeOutcome(outcome)]);
    return [...outcomes, ...[...this.#values].map(([path, value]): JournalEntry => [path, "value", value])];
  }

  #journal(prefix: string): Journal {
    return {
      call: (key, operation, args) => this.#call(prefix, prefix + key, operation, args),
      pick: (key, candidates) => this.#keep(prefix, key, () => race(candidates)),
      child: (key) => this.#journal(`${prefix}${key}/`),
      now: (key) => this.#keep(prefix, key, async () => Date.now()),
      sleep: async (key, milliseconds, signal) => {
        await this.#keep(prefix, key, () => this.#work(() => sleep(milliseconds, signal).then(() => null)));
      },
      waitFor: <T extends Json>(key: string, signal?: AbortSignal) =>
        this.#keep<Json>(prefix, key, async () => {
          if (this.isOver(prefix)) return { approve: false, reason: "the agent had ended before" };
          return abortable(this.#wait(prefix + key), signal).finally(() => {
            this.#waits.delete(prefix + key);
            this.#leaveSoon();
          });
        }) as Promise<T>,
      checkpoint: async () => {},
      emit: (event) => {
        const isLive = event.type === "output-delta" || event.type === "sandbox-progress";
        if (isLive || this.#suspension !== undefined || !this.#replayed.has(prefix)) this.#run?.emit({ ...event, seq: ++this.#lastSeq });
      },
    };
  }

  async #call<T>(run: string, path: string, operation: OperationName, args: Json): Promise<Outcome<T>> {
    this.#unread.delete(path);
    this.#decisions.delete(`${path}/approval`); // a call that nobody has to decide on any more
    const { operations, runId } = this.#run as Parameters<JournalFactory>[0];
    const perform = async (): Promise<Outcome<T>> => {
      try {
        return { value: (await operations[operation](args, { idempotencyKey: `${runId}/${path}` })) as T };
      } catch (error) {
        if (error instanceof SandboxAway) throw error;
        return { error: operationError(error) };
      }
    };
    const outcome = await this.#once(run, path, this.#outcomes, () => {
      if (this.isOver(run)) return operation === "policy" || operation === "hook" ? perform() : hadEnded();
      // A program that is only waited for does nothing new yet.
      if (operation !== "advance") this.#goesOn(run);
      // One that only waits for its calls doesn't keep the run from leaving; it is left where it is. One that has made none is not to be begun twice.
      const mayBeLeft = operation === "advance" && !path.endsWith("/advance.0");
      return mayBeLeft ? Promise.race([perform(), this.#left.promise]) : this.#work(perform);
    });
    return outcome as Outcome<T>;
  }

  async #keep<T extends Json>(run: string, key: string, make: () => Promise<T>): Promise<T> {
    const path = run + key;
    const value = await this.#once(run, path, this.#values, make);
    // No call of a step, or of an agent's run, that has ended comes to its decision any more.
    if (isEnd.test(path)) for (const each of this.#decisions.keys()) if (each.startsWith(path.slice(0, -"end".length))) this.#decisions.delete(each);
    return value as T;
  }

  /** What is known of a path, or is made and known from then on. What would come to nothing but its effect is not begun: the run that goes on does it. */
  async #once<T>(run: string, path: string, known: Map<string, T>, make: () => Promise<T>): Promise<T> {
    this.#leaveSoon();
    const before = known.get(path);
    if (before !== undefined) return before;
    this.#throwIfLeft();
    const made = await make();
    this.#throwIfLeft();
    if (this.isOver(run)) return made;
    this.#goesOn(run);
    known.set(path, made);
    return made;
  }

  #throwIfLeft(): void {
    if (this.#suspension !== undefined) throw this.#suspension;
  }

  /** Something new happens in a run, and with it in those of its managers. */
  #goesOn(run: string): void {
    for (const path of this.#replayed) if (run.startsWith(path)) this.#replayed.delete(path);
  }

  async #work<T>(work: () => Promise<T>): Promise<T> {
    this.#working++;
    try {
      return await work();
    } finally {
      this.#working--;
      this.#leaveSoon();
    }
  }

  #wait(path: string): Promise<Json> {
    const decision = this.#decisions.get(path);
    this.#decisions.delete(path);
    this.#coming ??= this.#work(() => this.#untilAllHaveCome());
    if (decision !== undefined) return this.#coming.then(() => decision as Json);
    return new Promise((_, reject) => {
      this.#waits.set(path, reject);
      this.#leaveSoon();
    });
  }

  /** Not before all that is known has been gone through: what is new would take the room in a budget that was taken by that already. */
  async #untilAllHaveCome(): Promise<void> {
    await sleep(0);
    for (let turns = comingTurns; turns > 0 && this.#decisions.size > 0; turns--) await sleep(turnMs);
  }

  /** Unless something happens until then. */
  #leaveSoon(turns = graceTurns): void {
    clearTimeout(this.#leaving);
    if (this.#waits.size === 0 || this.#working > 0 || this.#suspension !== undefined) return;
    this.#leaving = setTimeout(() => {
      if (turns > 1) return this.#leaveSoon(turns - 1);
      this.#suspension = new Suspension("The run waits for decisions.");
      this.#left.reject(this.#suspension);
      for (const leave of this.#waits.values()) leave(this.#suspension);
    }, turnMs);
  }
}

async function hadEnded(): Promise<Outcome<never>> {
  return { error: operationError(new AbortedError("The agent had ended before.")) };
}

function readOutcome(path: string, outcome: Outcome<unknown>): Outcome<unknown> {
  if (typeof outcome !== "object" || !("value" in outcome || typeof outcome.error?.message === "string")) throw new Error("an outcome is none");
  const answer = modelCall.test(path) && "value" in outcome ? (outcome.value as ModelResponse | null) : undefined;
  if (answer !== undefined && !(Array.isArray(answer?.content) && answer.usage)) throw new Error("an answer of the model is none");
  return outcome;
}

function encodeOutcome(outcome: Outcome<unknown>): Json {
  if ("value" in outcome) return encodeState({ value: outcome.value });
  const { cause, ...error } = outcome.error;
  return encodeState({ error });
}
