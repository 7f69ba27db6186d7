import type { Advance, CodeletError, Execution, SandboxCall } from "@codelet/core";

interface Waiter {
  readonly promise: Promise<Advance>;
  resolve(advance: Advance): void;
  reject(error: Error): void;
}

/** What a step has to say, until somebody asks for it with `next`. */
export class AdvanceQueue {
  #calls: SandboxCall[] = [];
  #cancelled: string[] = [];
  #outcome: Execution | CodeletError | undefined;
  #waiter: Waiter | undefined;
  #onTaken: (() => void) | undefined;

  /** The next thing; the same promise until it is there. `onTaken` is called when it is the end. */
  next(onTaken: () => void): Promise<Advance> {
    this.#onTaken = onTaken;
    this.#waiter ??= newWaiter();
    const { promise } = this.#waiter;
    this.#flush();
    return promise;
  }

  addCall(call: SandboxCall): void {
    this.#calls.push(call);
    this.#flush();
  }

  /** Forgets the calls that nobody has seen, and tells of the end of the others. */
  cancel(ids: Iterable<string>): void {
    const unseen = new Set(this.#calls.map(({ id }) => id));
    this.#calls = [];
    for (const id of ids) if (!unseen.has(id)) this.#cancelled.push(id);
    this.#flush();
  }

  end(outcome: Execution | CodeletError): void {
    this.#outcome = outcome;
    this.#flush();
  }

  #flush(): void {
    const waiter = this.#waiter;
    if (waiter === undefined) return;
    if (this.#outcome !== undefined) {
      this.#waiter = undefined;
      this.#onTaken?.();
      if (this.#outcome instanceof Error) waiter.reject(this.#outcome);
      else waiter.resolve({ type: "done", execution: this.#outcome });
    } else if (this.#calls.length > 0 || this.#cancelled.length > 0) {
      this.#waiter = undefined;
      waiter.resolve({ type: "calls", calls: this.#calls, cancelled: this.#cancelled });
      this.#calls = [];
      this.#cancelled = [];
    }
  }
}

function newWaiter(): Waiter {
  let resolve: Waiter["resolve"] = () => {};
  let reject: Waiter["reject"] = () => {};
  const promise = new Promise<Advance>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}
