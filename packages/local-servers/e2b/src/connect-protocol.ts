import type { Exchange } from "./exchange.ts";
import { sendJson } from "./exchange.ts";

/** Codes of Connect's errors that are used here, with the status of a unary answer. @see https://connectrpc.com/docs/protocol#error-codes */
const statuses = { not_found: 404, invalid_argument: 400, internal: 500, unimplemented: 501, unauthenticated: 401 } as const;

export type ConnectCode = keyof typeof statuses;

const endOfStream = 2;
const prefixBytes = 5;

/** A message of a stream: one byte of flags, four of length, JSON. */
export function envelope(message: unknown, flags = 0): Buffer {
  const payload = Buffer.from(JSON.stringify(message));
  const prefix = Buffer.alloc(prefixBytes);
  prefix[0] = flags;
  prefix.writeUInt32BE(payload.length, 1);
  return Buffer.concat([prefix, payload]);
}

/** The only message of a request that is answered by a stream. */
export function openEnvelope(body: Buffer): Readonly<Record<string, unknown>> {
  return JSON.parse(body.subarray(prefixBytes).toString("utf8")) as Readonly<Record<string, unknown>>;
}

export function beginStream({ response }: Exchange): void {
  response.writeHead(200, { "content-type": "application/connect+json" });
}

export function endStream({ response }: Exchange, error?: { readonly code: ConnectCode; readonly message: string }): void {
  response.end(envelope(error === undefined ? {} : { error }, endOfStream));
}

export function sendConnectError(exchange: Exchange, code: ConnectCode, message: string): void {
  sendJson(exchange, statuses[code], { code, message });
}
