/** What the next requests meet. A `path` is the beginning of what follows the sandbox's own address, such as `"/port/"`, or of a control path (`"/v0/"`). */
export interface Faults {
  /** Ends every answer that is being written, in mid-air. */
  dropStreams(): void;
  /** Answers so many requests with a status in place of doing what they ask for. */
  respond(status: number, options?: { readonly times?: number; readonly path?: string }): void;
  /** Does what so many requests ask for, and cuts the connection in place of an answer. */
  loseAnswers(options: { readonly times?: number; readonly path: string }): void;
  /** Lets sandboxes take so many milliseconds more to be created. */
  slowStart(milliseconds: number): void;
  /** Ends a sandbox, or all of them, without a word to anybody. */
  killSandbox(name?: string): void;
  /** From now on the API key is refused. */
  expireToken(): void;
  /** Takes back all of the above that is still to come. */
  clear(): void;
}

/** The server's side of the switches that wait for requests. */
export class FaultPlan {
  readonly #planned: { readonly status: number | undefined; readonly path: string; left: number }[] = [];
  startDelayMs = 0;
  isTokenExpired = false;

  plan(status: number | undefined, { times = 1, path = "/" }: { readonly times?: number; readonly path?: string } = {}): void {
    this.#planned.push({ status, path, left: times });
  }

  /** The fault that a request meets, which is counted; a status of undefined loses the answer. */
  take(path: string): { readonly status: number | undefined } | undefined {
    const planned = this.#planned.find((fault) => fault.left > 0 && path.startsWith(fault.path));
    if (planned !== undefined) planned.left--;
    return planned;
  }

  clear(): void {
    this.#planned.length = 0;
    this.startDelayMs = 0;
    this.isTokenExpired = false;
  }
}
