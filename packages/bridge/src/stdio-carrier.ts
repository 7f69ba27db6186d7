import type { Readable, Writable } from "node:stream";
import type { Carrier } from "./carrier.ts";

/** The streams of a supervisor. */
export interface Stdio {
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Why they ended, where they know it themselves; see `StdioCarrierOptions`. */
  readonly explain?: ((cause: unknown) => Error) | undefined;
}

/** The streams of a process, and how they can be had again. */
export interface StdioCarrierOptions {
  readonly stdio: Stdio;
  /** Gets the streams of the same process again. Absent where that can't be done; rejections are those of `Carrier.reconnect`. */
  readonly again?: (() => Promise<Stdio>) | undefined;
  /** Ends the machine; never rejects. Not called for one that was left to another host. */
  readonly close: () => Promise<void>;
  /** What else is done when only the connection is given up, see `Carrier.detach`; never rejects. @default nothing */
  readonly detach?: Carrier["detach"];
  /** Why a stream ended: what broke it, or undefined when it only ended. @default its message, or "the process ended" */
  readonly explain?: ((cause: unknown) => Error) | undefined;
}

/** The carrier of machines that offer a process's stdin and stdout: a child, an attached container, a remote command. It owns the streams. */
export function stdioCarrier({ stdio, again, close, detach, explain = explainEnd }: StdioCarrierOptions): Carrier {
  let streams = stdio;
  let isFollowed = true;
  /** How the connection was lost: told to who listens, now or later, and to who sends. */
  let failure: Error | undefined;
  let receive: (chunk: Uint8Array) => void = () => {};
  let lost: (error: Error) => void = () => {};
  let isGivenUp = false;
  let closing: Promise<void> | undefined;

  const why = (cause: unknown): Error => (streams.explain ?? explain)(cause);
  const follow = (followed: Stdio): void => {
    streams = followed;
    isFollowed = true;
    failure = undefined;
    const isCurrent = (): boolean => isFollowed && streams === followed;
    const lose = (cause?: unknown): void => {
      if (!isCurrent()) return;
      isFollowed = false;
      failure = why(cause);
      lost(failure);
    };
    const { stdin, stdout } = followed;
    stdout.on("data", (chunk: Uint8Array) => {
      if (isCurrent()) receive(chunk);
    });
    for (const stream of [stdin, stdout]) stream.on("error", lose);
    for (const event of ["end", "close"]) stdout.once(event, () => lose());
    if (stdout.destroyed) lose(stdout.errored ?? undefined); // before anybody listened
  };
  const leave = (): void => {
    isFollowed = false;
    streams.stdin.destroy();
    streams.stdout.destroy();
  };
  const end = async (): Promise<void> => {
    if (isGivenUp) return;
    isGivenUp = true;
    isFollowed = false;
    await close();
    leave();
  };
  follow(stdio);

  return {
    async send(text) {
      if (failure !== undefined) throw failure;
      await new Promise<void>((sent, failed) => {
        streams.stdin.write(text, (error) => (error ? failed(failure ?? why(error)) : sent()));
      });
    },
    onData(callback) {
      receive = callback;
    },
    onLost(callback) {
      lost = (error) => callback(error.message, error);
      if (failure !== undefined) lost(failure);
    },
    close() {
      closing ??= end();
      return closing;
    },
    ...(again !== undefined && {
      async reconnect() {
        leave();
        follow(await again());
        if (isGivenUp) leave(); // meanwhile: nobody else will
      },
      async detach(why) {
        if (isGivenUp) return;
        isGivenUp = true;
        leave();
        await detach?.(why);
      },
    }),
  };
}

function explainEnd(cause: unknown): Error {
  return cause instanceof Error ? cause : new Error("the process ended");
}
