import { toBase64 } from "./base64.ts";
import type { Execution, ExecutorSession, SandboxCall } from "./executor.ts";
import { plainValue } from "./plain-value.ts";

/** Says why a program can't go on where it was. */
export class NotResumed extends Error {}

/** How a program ends that can't go on where it was, or couldn't even begin. */
export function notResumed(why: string, hadBegun: boolean): Execution {
  const message = hadBegun
    ? `This program waited for an answer from outside and can't go on: ${why} Calls that it had made have happened; the one it waited for was not made.`
    : `This program did not run: ${why}`;
  return { value: null, logs: "", outputs: [], error: { name: "ProgramNotResumed", message }, stateLost: true, durationMs: 0 };
}

/** What a program calls that runs again, beside what it had called before. Concurrent calls may change places; anything else throws NotResumed. */
export class RepeatedCalls {
  readonly #session: ExecutorSession;
  readonly #expected: string[];
  readonly #made: SandboxCall[] = [];
  /** Calls that it had not got to before. */
  readonly further: SandboxCall[] = [];

  constructor(session: ExecutorSession, recorded: readonly SandboxCall[]) {
    this.#session = session;
    this.#expected = recorded.map(describeCall);
  }

  /** Resolves with the call once the program has made it again. */
  async again(recorded: SandboxCall): Promise<SandboxCall> {
    const description = describeCall(recorded);
    for (;;) {
      const at = this.#made.findIndex((call) => describeCall(call) === description);
      if (at >= 0) return this.#made.splice(at, 1)[0] as SandboxCall;
      const advance = await this.#session.next();
      if (advance.type === "done") throw new NotResumed(differs(recorded, undefined));
      for (const call of advance.calls) this.#sort(call);
    }
  }

  /** Resolves once the program has ended again. */
  async end(): Promise<void> {
    const advance = this.further.length > 0 ? undefined : await this.#session.next();
    if (advance?.type === "done") return;
    throw new NotResumed(differs(undefined, this.further[0] ?? advance?.calls[0]));
  }

  #sort(call: SandboxCall): void {
    const at = this.#expected.indexOf(describeCall(call));
    if (at < 0 && this.#expected.length > 0)
      throw new NotResumed(`run again from its beginning, it called ${shorten(call)}, which it had not called before.`);
    if (at >= 0) this.#expected.splice(at, 1);
    (at < 0 ? this.further : this.#made).push(call);
  }
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
