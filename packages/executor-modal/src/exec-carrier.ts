import { Readable, Writable } from "node:stream";
import { type Carrier, stdioCarrier } from "@codelet/bridge";
import type { ContainerProcess } from "modal";
import { modalError } from "./modal-error.ts";

/** The streams of an exec in binary mode. Modal's SDK resumes them by offset when its connection breaks, so what is lost here is lost for good. */
export function execCarrier({ stdin, stdout }: ContainerProcess<Uint8Array>, close: () => Promise<void>): Carrier {
  return stdioCarrier({
    stdio: { stdin: Writable.fromWeb(stdin as never), stdout: Readable.fromWeb(stdout as never) },
    close,
    explain: (cause) => (cause === undefined ? new Error("the process ended") : modalError(cause, "reach the sandbox")),
  });
}
