import type { Readable, Writable } from "node:stream";
import type { Carrier } from "./carrier.ts";

/** The streams of a supervisor. */
export interface Stdio {
  readonly stdin: Writable;
  readonly stdout: Readable;
}

export interface StdioCarrierOptions {
  readonly stdio: Stdio;
  /** Gets the streams of the same process again. Absent where that can't be done; rejections are those of `Carrier.reconnect`. */
  readonly again?: (() => Promise<Stdio>) | undefined;
  /** Ends the machine; never rejects. */
  readonly close: () => Promise<void>;
  /** Why a stream ended: what broke it, or undefined when it only ended. @default its message, or "the process ended" */
  readonly explain?: ((cause: unknown) => Error) | undefined;
}

/** The carrier of machines that offer a process's stdin and stdout: a child, an attached container, a remote command. It owns the streams. */
export function stdioCarrier({ stdio, again, close, explain = explainEnd }: StdioCarrierOptions): Carrier {
  let current: Stdio | undefined;
  let receive: (chunk: Uint8Array) => void = () => {};
  /** Told once somebody listens. */
  let failure: Error | undefined;
  let lost = (error: Error): void => {
    failure = error;
  };

  const follow = (followed: Stdio): void => {
    current = followed;
    const { stdin, stdout } = followed;
    const lose = (cause?: unknown): void => {
      if (current !== followed) return;
      current = undefined;
      lost(explain(cause));
    };
    stdout.on("data", (chunk: Uint8Array) => {
      if (current === followed) receive(chunk);
    });
    for (const stream of [stdin, stdout]) stream.on("error", lose);
    stdout.once("close", () => lose());
  };
  const leave = ({ stdin, stdout }: Stdio): void => {
    current = undefined;
    stdin.destroy();
    stdout.destroy();
  };
  let latest = stdio;
  follow(stdio);

  return {
    send: (text) =>
      new Promise((sent, failed) => {
        latest.stdin.write(text, (error) => (error ? failed(explain(error)) : sent()));
      }),
    onData(callback) {
      receive = callback;
    },
    onLost(callback) {
      lost = (error) => callback(error.message, error);
      if (failure !== undefined) lost(failure);
    },
    async close() {
      current = undefined;
      await close();
      leave(latest);
    },
    ...(again !== undefined && {
      async reconnect() {
        leave(latest);
        latest = await again();
        follow(latest);
      },
      async detach() {
        leave(latest);
      },
    }),
  };
}

function explainEnd(cause: unknown): Error {
  return cause instanceof Error ? cause : new Error("the process ended");
}
