import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import type { Carrier } from "../carrier.ts";
import { pythonSupervisor } from "../python-supervisor.ts";
import { python } from "./child-channel.ts";

const folder = mkdtempSync(join(tmpdir(), "codelet-bridge-"));
const path = join(folder, "supervisor.py");
writeFileSync(path, pythonSupervisor);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A supervisor as a local child, whose connection can be cut: what is under way in either direction is lost then. */
export class ChildCarrier implements Carrier {
  readonly child: ChildProcess;
  #isCut = false;
  #canReconnect = true;
  #receive: (chunk: Uint8Array) => void = () => {};
  #lost: (reason: string) => void = () => {};

  constructor(flags: readonly string[] = []) {
    this.child = spawn(python, ["-s", path, ...flags], { stdio: ["pipe", "pipe", "inherit"] });
    this.child.stdin?.on("error", () => {});
    this.child.stdout?.on("data", (chunk: Uint8Array) => this.#isCut || this.#receive(chunk));
    this.child.on("close", () => this.#lost("the process ended"));
  }

  async send(text: string): Promise<void> {
    if (!this.#isCut) this.child.stdin?.write(text);
  }

  onData(receive: (chunk: Uint8Array) => void): void {
    this.#receive = receive;
  }

  onLost(lost: (reason: string) => void): void {
    this.#lost = lost;
  }

  async reconnect(): Promise<void> {
    if (!this.#canReconnect || this.child.exitCode !== null || this.child.signalCode !== null) throw new Error("unreachable");
    this.#isCut = false;
  }

  async close(): Promise<void> {
    this.child.kill("SIGKILL");
  }

  /** Loses the connection; `silently` leaves it to the link to notice. */
  cut(options: { readonly silently?: boolean; readonly forGood?: boolean } = {}): void {
    this.#isCut = true;
    this.#canReconnect = options.forGood !== true;
    if (options.silently !== true) this.#lost("cut");
  }
}
