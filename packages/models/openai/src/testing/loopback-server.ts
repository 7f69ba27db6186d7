import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A request that the server got, with its body parsed. */
export interface ReceivedRequest {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it freely
  readonly body: any;
  /** Settles when the client hangs up before the answer's end. */
  readonly hungUp: Promise<void>;
}

export type Answer = (response: ServerResponse, request: ReceivedRequest) => void | Promise<void>;

export interface LoopbackServer extends AsyncDisposable {
  readonly baseURL: string;
  readonly requests: readonly ReceivedRequest[];
}

/** A chat completions server on the loopback interface. The n-th request gets the n-th answer, later ones the last. */
export async function loopbackServer(...answers: readonly Answer[]): Promise<LoopbackServer> {
  const requests: ReceivedRequest[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const hungUp = new Promise<void>((resolve) => response.on("close", () => response.writableFinished || resolve()));
    const received = { url: request.url ?? "", headers: request.headers, body: JSON.parse(Buffer.concat(chunks).toString()), hungUp };
    requests.push(received);
    await (answers[requests.length - 1] ?? answers.at(-1))?.(response, received);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    baseURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

export function fixture(name: string): Buffer {
  return readFileSync(new URL(`../fixtures/${name}`, import.meta.url));
}

export const eventStream = { "content-type": "text/event-stream" };

/** Sends bytes as an event stream, in pieces of the given size. */
export function streamed(
  bytes: string | Uint8Array,
  options: { readonly pieceBytes?: number; readonly end?: "close" | "destroy" | "hang" } = {},
): Answer {
  const buffer = Buffer.from(bytes);
  return async (response) => {
    response.writeHead(200, eventStream).flushHeaders();
    const pieceBytes = options.pieceBytes ?? (buffer.length || 1);
    for (let start = 0; start < buffer.length; start += pieceBytes) {
      response.write(buffer.subarray(start, start + pieceBytes));
      if (options.pieceBytes) await new Promise(setImmediate);
    }
    if (options.end === "destroy") response.socket?.end();
    else if (options.end !== "hang") response.end();
  };
}

/** Sends a JSON answer, or any text. */
export function whole(body: unknown, status = 200, headers: Readonly<Record<string, string>> = { "content-type": "application/json" }): Answer {
  return (response) => void response.writeHead(status, headers).end(typeof body === "string" || Buffer.isBuffer(body) ? body : JSON.stringify(body));
}

/** An event of a stream. */
export function event(data: unknown): string {
  return `data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`;
}

/** A chunk of a streamed answer. */
export function chunk(delta: unknown, finishReason: string | null = null): string {
  return event({ choices: [{ index: 0, delta, finish_reason: finishReason }] });
}
