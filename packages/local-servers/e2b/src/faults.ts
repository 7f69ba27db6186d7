/** What the next requests meet. A `path` is the beginning of the requests' path, such as `"/process.Process/SendInput"`; without one every request is meant. */
export interface Faults {
  /** Ends every answer that is being written, in mid-air. */
  dropStreams(): void;
  /** Answers so many requests with a status in place of doing what they ask for. */
  respond(status: number, options?: { readonly times?: number; readonly path?: string }): void;
  /** Does what so many requests ask for, and cuts the connection in place of an answer. */
  loseAnswers(options: { readonly times?: number; readonly path: string }): void;
  /** Loses the `after`-th next piece of a process's output and all that it writes until somebody connects again. `torn`: half of it arrives. */
  loseOutput(options: { readonly after: number; readonly torn?: boolean }): void;
  /** Lets sandboxes take so many milliseconds more to be created. */
  slowStart(milliseconds: number): void;
  /** Ends a sandbox, or all of them, without a word to anybody. */
  killSandbox(id?: string): void;
  /** From now on the API key and every access token are refused. */
  expireToken(): void;
  /** Takes back all of the above that is still to come. */
  clear(): void;
}

/** The server's side of the switches. */
export class FaultPlan {
  readonly #planned: { readonly kind: "status" | "lose"; readonly status: number; readonly path: string; left: number }[] = [];
  #output: { left: number; readonly torn: boolean } | undefined;
  startDelayMs = 0;
  isTokenExpired = false;

  respond(status: number, { times = 1, path = "/" }: { readonly times?: number; readonly path?: string } = {}): void {
    this.#planned.push({ kind: "status", status, path, left: times });
  }

  loseAnswers({ times = 1, path }: { readonly times?: number; readonly path: string }): void {
    this.#planned.push({ kind: "lose", status: 0, path, left: times });
  }

  loseOutput({ after, torn = false }: { readonly after: number; readonly torn?: boolean }): void {
    this.#output = { left: after, torn };
  }

  /** The fault that a request meets; counts it. */
  take(path: string): { readonly kind: "status" | "lose"; readonly status: number } | undefined {
    const planned = this.#planned.find((fault) => fault.left > 0 && path.startsWith(fault.path));
    if (planned !== undefined) planned.left--;
    return planned;
  }

  /** What becomes of a piece of output; counts it. */
  takeOutput(): "whole" | "torn" | "lost" {
    if (this.#output === undefined || --this.#output.left > 0) return "whole";
    const { torn } = this.#output;
    this.#output = undefined;
    return torn ? "torn" : "lost";
  }

  clear(): void {
    this.#planned.length = 0;
    this.#output = undefined;
    this.startDelayMs = 0;
    this.isTokenExpired = false;
  }
}
