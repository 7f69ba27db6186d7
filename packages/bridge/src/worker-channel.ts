import type { LinkFailure } from "./link-failure.ts";

/** How a worker process ended. */
export interface WorkerExit {
  /** For people: `"exit code 3"`, `"signal SIGSEGV"`. */
  readonly message: string;
  /** The memory limit ended it. @default false */
  readonly memoryExceeded?: boolean | undefined;
  /**
   * What the session ends with where no other worker can follow: the way to it is lost (`executor-crashed`) or refused, as a key is that is not valid any more
   * (`configuration`), or what came over it broke the protocol (`protocol`).
   */
  readonly failure?: LinkFailure["code"] | undefined;
}

/**
 * The connection to one worker process: a reliable, ordered stream of frames both ways. Executors implement it, one per way to reach a process;
 * what can lose its connection restores it below this interface (see `superviseCarrier`).
 */
export interface WorkerChannel {
  /** Queues frames in order: one newline-terminated line of ASCII JSON each. Never throws; what can't be written shows as `onClose`. */
  write(text: string): void;
  /** Raw bytes of the frame stream; called once, before the first write. */
  onFrames(receive: (chunk: Uint8Array) => void): void;
  /** Raw bytes of the worker's standard output and error, as they come. Absent where the worker has none. */
  onOutput?(receive: (stream: "stdout" | "stderr", chunk: Uint8Array) => void): void;
  /** The worker is gone and its output has been handed over to the end; called once. */
  onClose(closed: (exit: WorkerExit) => void): void;
  /** SIGINT to the worker, or what stands for it. Comes again when half of the grace is over. */
  interrupt(): void;
  /** Ends the worker with everything it started. Never rejects; idempotent; also after the worker's own end. */
  kill(): Promise<void>;
  /** Of a worker that another host left: sends its last step again, as far as it was not used up. */
  replayStep?(): void;
  /** Bytes of frames that wait in this process because the worker has not read them: lets the session end a worker that asks and never reads. */
  unreadBytes(): number;
  /** CPU milliseconds that the worker and its children have used: lets the session end workers that stay busy between steps. */
  cpuTimeMs?(): number | undefined;
}
