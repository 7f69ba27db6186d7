import type { Duplex } from "node:stream";
import { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { type Carrier, machineGone } from "@codelet/bridge";
import type Docker from "dockerode";
import { statusOf } from "./engine.ts";

const removalTimeoutMs = 10_000;
const removalLookMs = 50;
const maxComplaintChars = 2_000;

/** The attached streams of a container: the supervisor's stdin and stdout. */
export interface AttachedCarrier extends Carrier {
  /** What the container has written to stderr lately: why it did not start. */
  complaints(): string;
}

/** Attaches to a container that is created or runs. Rejects with the engine's error. `once`: the container's stdin ends with the first connection. */
export async function attachCarrier(docker: Docker, container: Docker.Container, once = false): Promise<AttachedCarrier> {
  let receive: (chunk: Uint8Array) => void = () => {};
  let lost: (reason: string) => void = () => {};
  let complaint = "";
  let stream = await attach();

  async function attach(): Promise<Duplex> {
    const attached = (await container.attach({ stream: true, stdin: true, stdout: true, stderr: true, hijack: true })) as Duplex;
    const isCurrent = (): boolean => stream === undefined || stream === attached;
    const stdout = new Writable({
      write(chunk: Uint8Array, _, written) {
        if (isCurrent()) receive(chunk);
        written();
      },
    });
    const stderr = new Writable({
      write(chunk: Uint8Array, _, written) {
        complaint = `${complaint}${chunk}`.slice(-maxComplaintChars);
        written();
      },
    });
    docker.modem.demuxStream(attached, stdout, stderr);
    attached.once("error", (error) => isCurrent() && lost(error.message));
    attached.once("close", () => isCurrent() && lost("the container's streams have ended"));
    return attached;
  }

  const carrier: AttachedCarrier = {
    complaints: () => complaint.trim(),
    send: (text) => new Promise((sent, failed) => stream.write(text, (error) => (error ? failed(error) : sent()))),
    onData(callback) {
      receive = callback;
    },
    onLost(callback) {
      lost = callback;
    },
    async close() {
      lost = () => {};
      stream.destroy();
      await removeContainer(container);
    },
  };
  if (once) return carrier;
  return {
    ...carrier,
    async reconnect() {
      stream.destroy();
      if (!(await isRunning(container))) throw machineGone("the container has ended");
      stream = await attach();
    },
    async detach() {
      lost = () => {};
      stream.destroy();
    },
  };
}

/** Whether code may be in it. Rejects with the engine's error when that can't be said. */
export async function isRunning(container: Docker.Container): Promise<boolean> {
  try {
    return (await container.inspect()).State.Running;
  } catch (error) {
    if (statusOf(error) === 404) return false;
    throw error;
  }
}

/** Ends a container and waits until it is gone. Never rejects. */
export async function removeContainer(container: Docker.Container): Promise<void> {
  for (const startedAt = performance.now(); performance.now() - startedAt < removalTimeoutMs; await sleep(removalLookMs)) {
    try {
      await container.remove({ force: true, v: true });
    } catch (error) {
      if (statusOf(error) === 404) return;
      if (statusOf(error) === undefined) return; // the engine is gone: the container ends as an orphan
    }
  }
}
