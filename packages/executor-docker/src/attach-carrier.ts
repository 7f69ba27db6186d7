import type { Duplex } from "node:stream";
import { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { type Carrier, machineGone } from "@codelet/bridge";
import { ConfigurationError } from "@codelet/core";
import type Docker from "dockerode";
import { statusOf } from "./engine.ts";

const removalTimeoutMs = 10_000;
const removalLookMs = 50;
const maxComplaintChars = 2_000;

export interface AttachOptions {
  /** For messages. */
  readonly image: string;
  /** The container's stdin ends with the first connection. @default false */
  readonly isOnce?: boolean;
}

/** The attached streams of a container that is created or runs: its supervisor's stdin and stdout. Rejects with the engine's error. */
export async function attachCarrier(docker: Docker, container: Docker.Container, { image, isOnce = false }: AttachOptions): Promise<Carrier> {
  let receive: (chunk: Uint8Array) => void = () => {};
  let lost: (reason: string, cause?: unknown) => void = () => {};
  let isHeard = false;
  /** What it has written to stderr lately: why it did not start. */
  let complaint = "";
  let stream = await attach();

  async function attach(): Promise<Duplex> {
    const attached = (await container.attach({ stream: true, stdin: true, stdout: true, stderr: true, hijack: true })) as Duplex;
    const isCurrent = (): boolean => stream === undefined || stream === attached;
    const stdout = new Writable({
      write(chunk: Uint8Array, _, written) {
        isHeard ||= chunk.length > 1; // a supervisor begins with an empty line
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
    attached.once("close", () => isCurrent() && lost("the container's streams have ended", ending()));
    return attached;
  }

  function ending(): Error {
    const why = complaint.trim().split("\n").at(-1);
    if (isHeard || !why) return machineGone("the container has ended");
    return new ConfigurationError(`The container of the image ${image} ended before it was ready: ${why}`);
  }

  const carrier: Carrier = {
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
  if (isOnce) return carrier;
  return {
    ...carrier,
    async reconnect() {
      stream.destroy();
      if (!(await isRunning(container))) throw ending();
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
