/** What the next calls meet. A `method` is the name of a call, such as `"sandboxCreateV2"`; without one every call is meant. */
export interface Faults {
  /** Cuts every stream of output, in mid-air: the SDK asks for the rest from where it was. */
  dropStreams(): void;
  /** Answers so many calls with a status of gRPC (14 is unavailable, 8 resource exhausted, 16 unauthenticated) in place of doing what they ask for. */
  respond(status: number, options?: { readonly times?: number; readonly method?: string }): void;
  /** Does what so many calls ask for, and answers that the server is unavailable. */
  loseAnswers(options: { readonly times?: number; readonly method: string }): void;
  /** Lets sandboxes take so many milliseconds more to be created. */
  slowStart(milliseconds: number): void;
  /** Ends a sandbox, or all of them, without a word to anybody. */
  killSandbox(id?: string): void;
  /** From now on tokens are refused. */
  expireToken(): void;
  /** Takes back all of the above that is still to come. */
  clear(): void;
}

interface Planned {
  readonly status: number;
  readonly method: string | undefined;
  /** Whether the call is done all the same. */
  readonly isDone: boolean;
  left: number;
}

/** The server's side of the switches that wait for calls. */
export class FaultPlan {
  readonly #planned: Planned[] = [];
  startDelayMs = 0;
  isTokenExpired = false;

  plan(status: number, isDone: boolean, { times = 1, method }: { readonly times?: number; readonly method?: string } = {}): void {
    this.#planned.push({ status, isDone, method, left: times });
  }

  /** The fault that a call meets, which is counted. */
  take(method: string): Planned | undefined {
    const planned = this.#planned.find((fault) => fault.left > 0 && (fault.method ?? method) === method);
    if (planned !== undefined) planned.left--;
    return planned;
  }

  clear(): void {
    this.#planned.length = 0;
    this.startDelayMs = 0;
    this.isTokenExpired = false;
  }
}
