import { spawn } from "node:child_process";
import { once } from "node:events";

const LINE = "x\n";

/** Lines to `cat` and back, one at a time: what any conversation with a child process costs at least. */
export class Echo {
  #child = spawn("cat", [], { stdio: ["pipe", "pipe", "inherit"] });

  async roundTrip() {
    const echoed = new Promise((resolve) => this.#child.stdout.once("data", resolve));
    this.#child.stdin.write(LINE);
    if ((await echoed).length !== LINE.length) throw new Error("The echo is not what was sent.");
  }

  async end() {
    const ended = once(this.#child, "close");
    this.#child.stdin.end();
    await ended;
  }
}
