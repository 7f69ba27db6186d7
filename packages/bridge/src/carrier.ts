/** Text of one `send`: providers bound the size of their requests. */
export const maxSendChars: number = 256 * 1024;

/**
 * A duplex byte stream to a process that runs `pythonSupervisor`, as a provider offers it: an attached container, a remote command's stdin and stdout,
 * a port. It may lose bytes only by losing the connection.
 */
export interface Carrier {
  /** Sends in order, one at a time. A rejection means that the connection is lost. */
  send(text: string): Promise<void>;
  onData(receive: (chunk: Uint8Array) => void): void;
  /** The stream has ended or broken. A `cause` that is `configuration` is what the session ends with where nothing can be had again. */
  onLost(lost: (reason: string, cause?: unknown) => void): void;
  /**
   * Gets a stream to the same process again. Absent where that can't be done. Its last failure is told to the user when no attempt succeeds; one that is
   * `machineGone`, or `configuration` for a key that is refused, is the last.
   */
  reconnect?(): Promise<void>;
  /** Gives the process and the connection up; never rejects; idempotent. */
  close(): Promise<void>;
  /**
   * Gives up the connection only. `"detached"`: the process waits for another host, and its machine may be put to sleep until then; `"superseded"`: another
   * host has it already. Never rejects; idempotent. Absent where that can't be done.
   */
  detach?(why: "detached" | "superseded"): Promise<void>;
}

/** How a host takes up a supervisor. */
export interface SupervisionOptions {
  /** Greets a supervisor that another host has left, and takes over the worker and the step that it had. @default false */
  readonly adopt?: boolean | undefined;
  /** Aborted when the supervisor is not wanted any more before it has answered. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds without a line after which the connection counts as lost. Minimum 1. @default 20_000 */
  readonly silenceTimeoutMs?: number | undefined;
  /** Milliseconds until the supervisor must have answered. Minimum 1. @default 60_000 */
  readonly readyTimeoutMs?: number | undefined;
  /** Attempts to reconnect before the sandbox counts as lost. Minimum 0. @default 5 */
  readonly maxReconnects?: number | undefined;
}
