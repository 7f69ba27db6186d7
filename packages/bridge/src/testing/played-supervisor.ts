import type { Carrier } from "../carrier.ts";

/** A supervisor without a process that greets every host with an account of what was left, and acknowledges nothing. */
export class PlayedSupervisor implements Carrier {
  /** How it was given up. */
  readonly ends: string[] = [];
  readonly detach?: (why: string) => Promise<void>;
  readonly #account: string;
  #receive: (chunk: Uint8Array) => void = () => {};
  #lost: (reason: string) => void = () => {};

  /** `account` is JSON text that begins with a comma, or nothing. */
  constructor(account = "", { canBeLeft = true }: { readonly canBeLeft?: boolean } = {}) {
    this.#account = account;
    if (canBeLeft) this.detach = async (why) => void this.ends.push(why);
  }

  async send(text: string): Promise<void> {
    const host = /"host":"(\w+)"/.exec(text)?.[1];
    if (host !== undefined) this.#receive(Buffer.from(`@codelet - h {"host":"${host}","seen":0${this.#account}}\n`));
  }

  onData(receive: (chunk: Uint8Array) => void): void {
    this.#receive = receive;
  }

  onLost(lost: (reason: string) => void): void {
    this.#lost = lost;
  }

  lose(reason: string): void {
    this.#lost(reason);
  }

  async close(): Promise<void> {
    this.ends.push("closed");
  }
}
