import { setImmediate as nextTurn } from "node:timers/promises";
import type { ServerAnswer } from "./loopback.ts";
import type { Asked, ModelWire, Reply, ReplyPart } from "./model-wire.ts";

/** How an answer is sent. */
export interface Sending {
  /** Bytes of one write. @default a piece of the wire's */
  readonly chunkBytes?: number | undefined;
  /** How many bytes are sent, or after which text it stops. @default all */
  readonly until?: number | string | undefined;
  /** What comes then: the end, a broken connection, or nothing. @default "end" */
  readonly afterwards?: "end" | "drop" | "nothing" | undefined;
}

/** An answer by the provider's protocol, streamed or whole as it is asked for. */
export function says(reply: Reply | ((asked: Asked) => Reply), { chunkBytes, until, afterwards = "end" }: Sending = {}): ServerAnswer {
  return async (response, asked, wire) => {
    const pieces = bodyOf(wire, typeof reply === "function" ? reply(asked) : reply, asked.streams);
    const sent = until === undefined ? pieces : upTo(pieces, until);
    response.writeHead(200, { "content-type": asked.streams ? (wire.streamType ?? "text/event-stream") : "application/json" }).flushHeaders();
    for (const piece of chunkBytes === undefined ? sent : slices(Buffer.concat(sent), chunkBytes)) {
      response.write(piece);
      await nextTurn();
    }
    if (afterwards === "end") response.end();
    else if (afterwards === "drop") response.socket?.end();
  };
}

/** An error by its status. */
export function fails(status: number, message: string, headers: Readonly<Record<string, string>> = {}): ServerAnswer {
  return (response, _, wire) => {
    const body = wire.failure?.(status, message) ?? JSON.stringify({ error: { message } });
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(body);
  };
}

/** Whatever the protocol doesn't know. */
export function sends(body: string, type: string): ServerAnswer {
  return (response) => void response.writeHead(200, { "content-type": type }).end(body);
}

/** Not a byte. */
export const saysNothing: ServerAnswer = () => {};

/** The connection is reset before a byte of the answer. */
export const hangsUp: ServerAnswer = (response) => void response.socket?.resetAndDestroy();

/** The bytes of an answer, in the pieces of the wire. */
export function bodyOf(wire: ModelWire, reply: Reply, streams: boolean): readonly Buffer[] {
  const pieces = streams ? wire.pieces?.(reply) : [wire.whole?.({ ...reply, parts: joined(reply.parts) })];
  return (pieces ?? [undefined]).map((piece) => {
    if (piece === undefined)
      throw new TypeError(`The model asked for ${streams ? "a stream: `wire.pieces`" : "a whole answer: `wire.whole`"} is missing.`);
    return Buffer.from(piece);
  });
}

function joined(parts: readonly ReplyPart[]): readonly ReplyPart[] {
  const result: ReplyPart[] = [];
  for (const part of parts) {
    const last = result.at(-1);
    if (part.type === "text" && last?.type === "text") result[result.length - 1] = { type: "text", text: last.text + part.text };
    else result.push(part);
  }
  return result;
}

/** So many bytes, or all up to the end of a text; half of them where a wire doesn't have the text as it is. */
function upTo(pieces: readonly Buffer[], end: number | string): readonly Buffer[] {
  const body = Buffer.concat(pieces);
  if (typeof end === "number") return [body.subarray(0, end)];
  const index = pieces.findIndex((piece) => piece.includes(end));
  if (pieces.length > 1) return pieces.slice(0, index === -1 ? Math.ceil(pieces.length / 2) : index + 1);
  return [body.subarray(0, index === -1 ? body.length / 2 : body.indexOf(end) + end.length)];
}

function slices(body: Buffer, bytes: number): readonly Buffer[] {
  const count = Math.ceil(body.length / bytes);
  return Array.from({ length: count }, (_, index) => body.subarray(index * bytes, (index + 1) * bytes));
}
