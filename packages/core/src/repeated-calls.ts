import { toBase64 } from "./base64.ts";
import type { CallResult, CodeErrorInfo, Execution, ExecutorSession, SandboxCall } from "./executor.ts";
import { plainValue } from "./plain-value.ts";
import { type Recorded, type RecordedProgram, readingsOf, stopOf } from "./recorded-step.ts";

/** Says why a program can't go on where it was. */
export class NotResumed extends Error {}

/** How a program ends that can't go on where it was, or couldn't even begin. */
export function notResumed(why: string, hadBegun: boolean): Execution {
  const message = hadBegun
    ? `This program waited for an answer from outside and can't go on: ${why} Calls that it had made have happened; the one it waited for was not made.`
    : `This program did not run: ${why}`;
  return lost({ name: "ProgramNotResumed", message });
}

/** How a program ends whose run is aborted before it is where it was: as one that is stopped, and not as a failure for the journal to keep. */
export const stopped: Execution = lost({ name: "AbortError", message: "The run was aborted before its sandbox was found again." });

function lost(error: CodeErrorInfo): Execution {
  return { value: null, logs: "", outputs: [], error, stateLost: true, durationMs: 0 };
}

/** Whether an execution is one of `notResumed`: code has no say in what `stateLost` is. */
export function isNotResumed({ error, stateLost }: Execution): boolean {
  return stateLost && error?.name === "ProgramNotResumed";
}

/**
 * The calls of a program that runs again, beside those that the journal knows of it: concurrent ones may change places, and have ids of their own each time.
 * Where it does anything else than before, NotResumed is thrown.
 */
export class RepeatedCalls {
  /** Those that it has not made again yet. */
  readonly #expected: { readonly id: string; readonly description: string }[];
  /** Its ids, by those of the journal. */
  readonly #live = new Map<string, string>();
  readonly #recorded = new Map<string, string>();
  /** Calls that it had not got to before. */
  readonly further: SandboxCall[] = [];

  constructor(recorded: readonly SandboxCall[] = []) {
    this.#expected = recorded.map((call) => ({ id: call.id, description: describeCall(call) }));
  }

  pair(recorded: string, live: string): void {
    this.#live.set(recorded, live);
    this.#recorded.set(live, recorded);
  }

  /** The journal's id of a call. */
  recordedOf(live: string): string {
    return this.#recorded.get(live) ?? live;
  }

  /** The results under the ids of the program. While it only repeats, those of calls that it has not made again are left out. */
  toLive(results: readonly CallResult[], isRepeating: boolean): readonly CallResult[] {
    return results.flatMap((result) => {
      const id = this.#live.get(result.id) ?? (isRepeating ? undefined : result.id);
      return id === undefined ? [] : [{ ...result, id }];
    });
  }

  /** Resolves once the program has made the call again. */
  async again(session: ExecutorSession, recorded: SandboxCall): Promise<void> {
    while (!this.#live.has(recorded.id)) {
      const advance = await session.next();
      if (advance.type === "done") throw new NotResumed(differs(recorded, undefined));
      for (const call of advance.calls) this.#sort(call);
    }
  }

  /** Resolves once the program has ended again. */
  async end(session: ExecutorSession): Promise<void> {
    let made = this.further[0];
    while (made === undefined) {
      const advance = await session.next();
      if (advance.type === "done") return;
      // None where it only takes some back.
      made = advance.calls[0];
    }
    throw new NotResumed(differs(undefined, made));
  }

  #sort(call: SandboxCall): void {
    const description = describeCall(call);
    const at = this.#expected.findIndex((expected) => expected.description === description);
    const [expected] = at < 0 ? [] : this.#expected.splice(at, 1);
    if (expected !== undefined) this.pair(expected.id, call.id);
    else if (this.#expected.length === 0) this.further.push(call);
    else throw new NotResumed(`run again from its beginning, it called ${shorten(call)}, which it had not called before.`);
  }
}

/** A program once more, answered from the journal; without its output, which was told. `onReached` is called where the journal knows no more. */
export async function repeatProgram(
  session: ExecutorSession,
  program: RecordedProgram,
  calls: RepeatedCalls,
  { answer, onReached }: { answer(results: readonly CallResult[]): void; onReached(): void },
): Promise<void> {
  const { code, options, events } = program;
  let isMuted = events.length > 0;
  // A program that never ran may be in a session that can't repeat any.
  const replay = isMuted ? readingsOf(program) : undefined;
  const { onOutput } = options;
  session.start(code, { ...options, replay, onOutput: (chunk) => (isMuted ? undefined : onOutput?.(chunk)) });
  const stopAt = stopOf(program);
  // The list grows while this waits: results come in from the journal.
  for (let index = 0; index < events.length; index++) {
    const event = events[index] as Recorded;
    if (index === stopAt) session.interrupt("aborted");
    if ("results" in event) answer(event.results);
    else if (event.advance.type === "done") await calls.end(session);
    else for (const call of event.advance.calls) await calls.again(session, call);
  }
  onReached();
  isMuted = false;
}

function differs(expected: SandboxCall | undefined, made: SandboxCall | undefined): string {
  const show = (call: SandboxCall | undefined): string => (call === undefined ? "ended" : `called ${shorten(call)}`);
  return `run again from its beginning, it ${show(made)} where it had ${show(expected)} before.`;
}

function shorten(call: SandboxCall): string {
  return describeCall(call).slice(0, 200);
}

/** Name and arguments as text that is the same for the same call. */
function describeCall({ tool, args, kwargs }: SandboxCall): string {
  const named = Object.entries(kwargs).sort(([a], [b]) => (a < b ? -1 : 1));
  return `${tool}(${JSON.stringify([args.map(plainValue), named.map(([name, value]) => [name, plainValue(value)])], (_, item: unknown) =>
    typeof item === "bigint" ? `${item}n` : item instanceof Uint8Array ? { bytes: toBase64(item) } : item,
  )})`;
}
