import type { Duplex } from "node:stream";
import { Transform, Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { machineGone, type Stdio } from "@codelet/bridge";
import { ConfigurationError, ExecutorCrashedError } from "@codelet/core";
import type Docker from "dockerode";
import { sessionLabel } from "./container.ts";
import { statusOf } from "./engine.ts";

const removalTimeoutMs = 10_000;
const removalLookMs = 50;
const maxComplaintChars = 2_000;

/** The container of a session, and what was heard of it. */
export class SessionContainer {
  readonly docker: Docker;
  readonly container: Docker.Container;
  /** What it is made of, for messages: also one that was built. */
  readonly image: string;
  /** By this host, before or after its start. */
  #isAttached = false;
  #isHeard = false;
  /** What it has written to stderr lately: why it did not start. */
  #complaint = "";

  constructor(docker: Docker, container: Docker.Container, image: string) {
    this.docker = docker;
    this.container = container;
    this.image = image;
  }

  /** The streams of its supervisor: of one that runs, and of one that is about to. Rejects with the engine's error. */
  async attach(): Promise<Stdio> {
    const stdin = (await this.container.attach({ stream: true, stdin: true, stdout: true, stderr: true, hijack: true })) as Duplex;
    this.#isAttached = true;
    const stdout = new Transform({
      transform: (chunk, _, passed) => {
        this.#isHeard = true;
        passed(null, chunk);
      },
    });
    const stderr = new Writable({
      write: (chunk: Uint8Array, _, written) => {
        this.#complaint = `${this.#complaint}${chunk}`.slice(-maxComplaintChars);
        written();
      },
    });
    this.docker.modem.demuxStream(stdin, stdout, stderr);
    stdin.on("error", () => {}); // also before anybody listens
    stdin.once("close", () => stdout.destroy());
    return { stdin, stdout, explain: (cause) => this.#explain(cause) };
  }

  /** As `attach`, of one that was started before. Rejects with `machineGone` when it runs no longer. */
  async attachAgain(): Promise<Stdio> {
    if (await this.#isRunning()) return this.attach();
    if (this.#isAttached) throw this.#ending();
    throw machineGone(`No session runs in the container ${this.container.id.slice(0, 12)}, and its variables are lost: open a new session.`);
  }

  /** Ends it and waits until it is gone. Never rejects. */
  async remove(): Promise<void> {
    for (const startedAt = performance.now(); performance.now() - startedAt < removalTimeoutMs; await sleep(removalLookMs)) {
      try {
        await this.container.remove({ force: true, v: true });
        return;
      } catch (error) {
        if (statusOf(error) === 404) return;
        if (statusOf(error) === undefined) return; // the engine is gone: the container ends as an orphan
      }
    }
  }

  /** Whether it is one of a session and code may be in it. Rejects with the engine's error when that can't be said. */
  async #isRunning(): Promise<boolean> {
    try {
      const { State, Config } = await this.container.inspect();
      return State.Running && Config.Labels?.[sessionLabel.name] === sessionLabel.value; // what another container reads is not ours to write
    } catch (error) {
      if (statusOf(error) === 404) return false;
      throw error;
    }
  }

  #explain(cause: unknown): Error {
    if (cause instanceof Error && this.#complaint === "")
      return new ExecutorCrashedError(`the container's streams broke: ${cause.message}`, { cause });
    return this.#ending();
  }

  #ending(): Error {
    const why = this.#complaint.trim().split("\n").at(-1) ?? "";
    if (why === "") return machineGone("the container has ended");
    if (this.#isHeard) return machineGone(`the container has ended: ${why}`);
    return new ConfigurationError(`The container of the image ${this.image} ended before it was ready: ${why}`);
  }
}
