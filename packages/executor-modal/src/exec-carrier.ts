import type { Carrier } from "@codelet/bridge";
import type { ContainerProcess } from "modal";
import { modalError } from "./modal-error.ts";

/** The streams of an exec in binary mode. Modal's SDK resumes them by offset when its connection breaks, so what is lost here is lost for good. */
export function execCarrier(process: ContainerProcess<Uint8Array>, close: () => Promise<void>): Carrier {
  const writer = process.stdin.getWriter();
  let receive: (chunk: Uint8Array) => void = () => {};
  let lost: (reason: string, cause?: unknown) => void = () => {};
  let closed: Promise<void> | undefined;
  const pump = async (): Promise<void> => {
    let reason = new Error("the process ended");
    try {
      for await (const chunk of process.stdout) receive(chunk);
    } catch (error) {
      reason = modalError(error, "read from the sandbox");
    }
    if (closed === undefined) lost(reason.message, reason);
  };
  const end = async (): Promise<void> => {
    await close();
    await writer.abort().catch(() => {});
  };
  return {
    async send(text) {
      try {
        await writer.write(Buffer.from(text, "latin1"));
      } catch (error) {
        throw modalError(error, "write to the sandbox");
      }
    },
    onData(callback) {
      receive = callback;
    },
    onLost(callback) {
      lost = callback;
      void pump(); // from here on nothing is missed
    },
    close() {
      closed ??= end();
      return closed;
    },
  };
}
