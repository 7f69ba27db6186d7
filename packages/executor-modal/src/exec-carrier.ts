import type { Carrier } from "@codelet/bridge";
import type { ContainerProcess } from "modal";

/** The streams of an exec in binary mode. Modal's SDK resumes them by offset when its connection breaks, so what is lost here is lost for good. */
export function execCarrier(process: ContainerProcess<Uint8Array>, close: () => Promise<void>): Carrier {
  const writer = process.stdin.getWriter();
  let receive: (chunk: Uint8Array) => void = () => {};
  let lost: (reason: string) => void = () => {};
  let isClosed = false;
  const pump = async (): Promise<void> => {
    let reason = "the process ended";
    try {
      for await (const chunk of process.stdout) receive(chunk);
    } catch (error) {
      reason = (error as Error).message;
    }
    if (!isClosed) lost(reason);
  };
  return {
    send: (text) => writer.write(Buffer.from(text, "latin1")),
    onData(callback) {
      receive = callback;
    },
    onLost(callback) {
      lost = callback;
      void pump(); // from here on nothing is missed
    },
    async close() {
      isClosed = true;
      await close();
      await writer.abort().catch(() => {});
    },
  };
}
