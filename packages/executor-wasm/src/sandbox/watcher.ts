/** A second thread, which runs while Python is busy: receives the host's signals, and ends the process when the host is gone, however it died. */
import { deno } from "./deno.ts";
import { raiseInterrupt, type SignalMemory, signalOfEpoch, word } from "./signals.ts";

const hostCheckMs = 500;

(globalThis as unknown as { onmessage: (event: { data: SignalMemory }) => void }).onmessage = ({ data }) => watch(data);

function watch(memory: SignalMemory): void {
  for (const epoch of [0, 1]) deno.addSignalListener(signalOfEpoch(epoch), () => raiseInterrupt(memory, epoch));
  deno.addSignalListener("SIGINT", () => {});

  // A parent that dies leaves its children to another process. `Deno.exit` would end this thread only; killing oneself needs no permission.
  const host = deno.ppid;
  setInterval(() => {
    if (deno.ppid !== host) deno.kill(deno.pid, "SIGKILL");
  }, hostCheckMs);

  const words = new Int32Array(memory.words);
  Atomics.store(words, word.ready, 1);
  Atomics.notify(words, word.ready);
}
