import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";

const STEP = `${JSON.stringify({ t: "exec", code: "x = x + 1" })}\n`;

/** A Python process that runs a line of code per message and does nothing else: no limits, no checks, no output, no errors. */
export class BarePython {
  #child = spawn("python3", [path.join(import.meta.dirname, "bare-python.py")], { stdio: ["ignore", "inherit", "inherit", "pipe"] });

  async runStep() {
    const [, , , channel] = this.#child.stdio;
    const answered = new Promise((resolve) => channel.once("data", resolve));
    channel.write(STEP);
    JSON.parse((await answered).toString("latin1"));
  }

  async end() {
    const ended = once(this.#child, "close");
    this.#child.stdio[3].destroy();
    await ended;
  }
}
