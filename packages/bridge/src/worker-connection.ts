import { CodeletError, ExecutorCrashedError, type Json, ProtocolError, type ToolSignature, type Value, ValueError } from "@codelet/core";
import { encodeValue } from "@codelet/core/value-codec";
import { asciiJson } from "./ascii-json.ts";
import { type BridgeLimits, maxUnreadFrames } from "./bridge-limits.ts";
import { FrameDecoder } from "./frame-decoder.ts";
import type { WorkerChannel, WorkerExit } from "./worker-channel.ts";
import type { WorkerFrame } from "./worker-frames.ts";

/** What a session hears from its worker. After `closed` or `broken` nothing more comes. */
export interface ConnectionEvents {
  frames(frames: readonly WorkerFrame[]): void;
  output(stream: "stdout" | "stderr", chunk: Uint8Array): void;
  closed(exit: WorkerExit): void;
  broken(error: ProtocolError): void;
}

export interface Binding {
  readonly tools: ReadonlyMap<string, ToolSignature>;
  readonly variables: ReadonlyMap<string, Value>;
}

/** One live worker: numbered frames out, checked frames in. */
export class WorkerConnection {
  readonly channel: WorkerChannel;
  readonly #limits: BridgeLimits;
  readonly #events: ConnectionEvents;
  readonly #decoder: FrameDecoder;
  #sequence = 0;
  #unreadFrames = 0;
  #ended = false;
  /** What the host waits for between steps. */
  #asked: { readonly type: AnswerFrame["t"]; readonly resolve: (answer: AnswerFrame) => void; readonly reject: (error: Error) => void } | undefined;

  constructor(channel: WorkerChannel, limits: BridgeLimits, events: ConnectionEvents, isLeft = false) {
    this.channel = channel;
    this.#limits = limits;
    this.#events = events;
    this.#decoder = new FrameDecoder(limits, isLeft);
    channel.onFrames((chunk) => this.#receive(chunk));
    channel.onOutput?.((stream, chunk) => this.#ended || events.output(stream, chunk));
    channel.onClose((exit) => this.#close(exit));
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** `fields` is JSON text that begins with a comma, or nothing. Frames are ASCII, whatever carries them. */
  send(type: string, fields: string): void {
    if (this.#ended) return;
    this.#unreadFrames = this.channel.unreadBytes() === 0 ? 0 : this.#unreadFrames + 1;
    if (this.#unreadFrames > maxUnreadFrames(this.#limits)) this.#endUnreading();
    else this.channel.write(`{"t":"${type}","s":${++this.#sequence}${asciiJson(fields)}}\n`);
  }

  #endUnreading(): void {
    void this.channel.kill();
    this.#close({ message: "it asked without reading the answers" });
  }

  /** Sends `open` or `bind` and waits for the answer. Rejects with `value` when the worker can't build a variable, else with how it died. */
  async bind(type: "open" | "bind", binding: Binding, fields = ""): Promise<void> {
    const tools = Array.from(binding.tools.values(), ({ name, description, inputSchema, outputSchema }) => ({
      name,
      description,
      inputSchema,
      outputSchema,
    }));
    const variables: Record<string, Json> = Object.create(null);
    for (const [name, value] of binding.variables) variables[name] = encodeValue(value, this.#limits);
    const { error } = await this.#ask("bound", type, `,"tools":${JSON.stringify(tools)},"vars":${JSON.stringify(variables)}${fields}`);
    if (error !== undefined) throw new ValueError(`A variable can't be built in the sandbox: ${error}`);
  }

  /** A chunk of a file, or its writing where `chunk` is given. Rejects with `value` when the sandbox refuses, else with how it died. */
  async file(path: string, at: number, chunk?: Uint8Array): Promise<{ readonly data: Uint8Array; readonly isEnd: boolean }> {
    const data = chunk === undefined ? "" : `,"data":"${Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).toString("base64")}"`;
    const answer = (await this.#ask("file", "file", `,"path":${JSON.stringify(path)},"at":${at}${data}`)) as FileFrame;
    if (answer.error !== undefined) throw new ValueError(`The file \`${path}\` of the sandbox: ${answer.error}`);
    const bytes = Buffer.from(answer.data ?? "", "base64");
    return { data: bytes, isEnd: answer.end !== false || bytes.length === 0 };
  }

  #ask(answer: AnswerFrame["t"], type: string, fields: string): Promise<AnswerFrame> {
    return new Promise((resolve, reject) => {
      this.#asked = { type: answer, resolve, reject };
      this.send(type, fields);
    });
  }

  /** Stops listening and ends the worker. */
  discard(): Promise<void> {
    this.#ended = true;
    this.#asked?.reject(new ExecutorCrashedError("The sandbox was ended before it answered."));
    this.#asked = undefined;
    return this.channel.kill();
  }

  #receive(chunk: Uint8Array): void {
    if (this.#ended) return;
    let frames: readonly WorkerFrame[];
    try {
      frames = this.#decoder.decode(chunk);
      if (frames.some(isAnswer)) frames = this.#takeAnswer(frames);
    } catch (error) {
      if (!(CodeletError.isInstance(error) && error.code === "protocol")) throw error;
      this.fail(error as ProtocolError);
      return;
    }
    if (frames.length > 0) this.#events.frames(frames);
  }

  /** Ends a worker that broke the protocol. */
  fail(error: ProtocolError): void {
    if (this.#ended) return;
    this.#asked?.reject(error);
    this.#asked = undefined;
    void this.discard();
    this.#events.broken(error);
  }

  /** Threads of the worker may have sent something before the answer. */
  #takeAnswer(frames: readonly WorkerFrame[]): readonly WorkerFrame[] {
    const asked = this.#asked;
    const [answer, second] = frames.filter(isAnswer);
    if (answer === undefined || second !== undefined || asked?.type !== answer.t)
      throw new ProtocolError("The sandbox answered what it was not asked.");
    this.#asked = undefined;
    asked.resolve(answer);
    return frames.filter((frame) => frame !== answer);
  }

  #close(exit: WorkerExit): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#asked?.reject(new ExecutorCrashedError(`The sandbox ended before it answered: ${exit.message.replace(/\.$/, "")}.`));
    this.#asked = undefined;
    this.#events.closed(exit);
  }
}

type FileFrame = Extract<WorkerFrame, { readonly t: "file" }>;
type AnswerFrame = Extract<WorkerFrame, { readonly t: "bound" }> | FileFrame;

function isAnswer(frame: WorkerFrame): frame is AnswerFrame {
  return frame.t === "bound" || frame.t === "file";
}
