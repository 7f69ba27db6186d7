import type { Duplex } from "node:stream";
import { PassThrough, Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { type Carrier, machineGone, type Stdio, stdioCarrier } from "@codelet/bridge";
import { ConfigurationError, ExecutorCrashedError } from "@codelet/core";
import type Docker from "dockerode";
import { sessionLabel } from "./container.ts";
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
  let isHeard = false;
  /** What it has written to stderr lately: why it did not start. */
  let complaint = "";

  const attach = async (): Promise<Stdio> => {
    const stdin = (await container.attach({ stream: true, stdin: true, stdout: true, stderr: true, hijack: true })) as Duplex;
    const stdout = new PassThrough();
    const stderr = new Writable({
      write(chunk: Uint8Array, _, written) {
        complaint = `${complaint}${chunk}`.slice(-maxComplaintChars);
        written();
      },
    });
    stdout.once("data", () => {
      isHeard = true;
    });
    docker.modem.demuxStream(stdin, stdout, stderr);
    stdin.once("close", () => stdout.destroy());
    return { stdin, stdout };
  };
  const ending = (): Error => {
    const why = complaint.trim().split("\n").at(-1);
    if (why === undefined || why === "") return machineGone("the container has ended");
    if (isHeard) return machineGone(`the container has ended: ${why}`);
    return new ConfigurationError(`The container of the image ${image} ended before it was ready: ${why}`);
  };
  const attachAgain = async (): Promise<Stdio> => {
    if (!(await isRunning(container))) throw ending();
    return attach();
  };
  return stdioCarrier({
    stdio: await attach(),
    again: isOnce ? undefined : attachAgain,
    close: () => removeContainer(container),
    explain: (cause) =>
      cause instanceof Error && complaint === "" ? new ExecutorCrashedError(`the container's streams broke: ${cause.message}`, { cause }) : ending(),
  });
}

/** Whether it is one of a session and code may be in it. Rejects with the engine's error when that can't be said. */
export async function isRunning(container: Docker.Container): Promise<boolean> {
  try {
    const { State, Config } = await container.inspect();
    return State.Running && Config.Labels?.[sessionLabel.name] === sessionLabel.value; // what another container reads is not ours to write
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
      return;
    } catch (error) {
      if (statusOf(error) === 404) return;
      if (statusOf(error) === undefined) return; // the engine is gone: the container ends as an orphan
    }
  }
}
