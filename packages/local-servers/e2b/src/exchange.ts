import type { IncomingMessage, ServerResponse } from "node:http";

/** One request and the way to answer it. */
export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly body: Buffer;
}

export type JsonObject = Readonly<Record<string, unknown>>;

export async function readExchange(request: IncomingMessage, response: ServerResponse): Promise<Exchange> {
  const url = new URL(request.url ?? "/", "http://127.0.0.1");
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return { method: request.method ?? "GET", path: url.pathname, query: url.searchParams, request, response, body: Buffer.concat(chunks) };
}

export function jsonBody({ body }: Exchange): JsonObject {
  return body.length === 0 ? {} : (JSON.parse(body.toString("utf8")) as JsonObject);
}

export function sendJson({ response }: Exchange, status: number, value: unknown): void {
  const text = JSON.stringify(value);
  response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text) }).end(text);
}

/** An error as the control API and envd's plain endpoints write it. */
export function sendError(exchange: Exchange, status: number, message: string): void {
  sendJson(exchange, status, { code: status, message });
}

export function sendEmpty({ response }: Exchange): void {
  response.writeHead(204).end();
}
