import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Asked, ModelWire } from "./model-wire.ts";

/** What the server does with a request: an answer by a case. */
export type ServerAnswer = (response: ServerResponse, asked: Asked, wire: ModelWire) => void | Promise<void>;

/** A request that the server got. */
export interface ServedRequest {
  readonly body: string;
  readonly asked: Asked;
  /** Whether the client has hung up before the end of the answer. */
  readonly isHungUp: boolean;
}

/** A provider's server on the loopback interface. */
export interface Loopback extends AsyncDisposable {
  readonly baseURL: string;
  readonly requests: readonly ServedRequest[];
  /** What the author's wire threw: then no case means anything. */
  readonly wireError: unknown;
}

/** Starts a server that answers each request in the same way. */
export async function openLoopback(wire: ModelWire, answer: ServerAnswer): Promise<Loopback> {
  const requests: ServedRequest[] = [];
  let wireError: unknown;
  const server = createServer(async (request, response) => {
    try {
      const chunks: Uint8Array[] = [];
      for await (const chunk of request) chunks.push(chunk as Uint8Array);
      const { url = "", headers } = request;
      const body = Buffer.concat(chunks).toString();
      const asked = wire.read({ url, headers, body });
      const served = { body, asked, isHungUp: false };
      response.on("close", () => {
        served.isHungUp = !response.writableFinished;
      });
      requests.push(served);
      await answer(response, asked, wire);
    } catch (error) {
      if (!request.destroyed || request.complete) wireError ??= error;
      response.destroy();
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    baseURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    get wireError() {
      return wireError;
    },
    async [Symbol.asyncDispose]() {
      if (!server.listening) return;
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
