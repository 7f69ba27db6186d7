import { type Carrier, machineGone } from "@codelet/bridge";
import { CodeletError } from "@codelet/core";
import type { ContainerProcess } from "modal";
import { modalError } from "./modal-error.ts";

/** The streams of an exec in binary mode. Modal's SDK resumes them by offset when its connection breaks, so what is lost here is lost for good. */
export function execCarrier(process: ContainerProcess<Uint8Array>, close: () => Promise<void>): Carrier {
  const writer = process.stdin.getWriter();
  let receive: (chunk: Uint8Array) => void = () => {};
  let lost: (reason: string) => void = () => {};
  let isClosed = false;
  let failure: unknown;
  const pump = async (): Promise<void> => {
    let reason = "the process ended";
    try {
      for await (const chunk of process.stdout) receive(chunk);
    } catch (error) {
      failure = error;
      reason = (error as Error).message;
    }
    if (!isClosed) lost(reason);
  };
  return {
    async send(text) {
      try {
        await writer.write(Buffer.from(text, "latin1"));
      } catch (error) {
        failure = error;
        throw error;
      }
    },
    onData(callback) {
      receive = callback;
    },
    onLost(callback) {
      lost = callback;
      void pump(); // from here on nothing is missed
    },
    /** Says why it is lost. */
    async reconnect() {
      const said = failure === undefined ? machineGone("the process has ended") : modalError(failure, "reach the sandbox");
      throw CodeletError.isInstance(said, "configuration") ? said : machineGone(said.message, { cause: failure });
    },
    async close() {
      isClosed = true;
      await close();
      await writer.abort().catch(() => {});
    },
  };
}
