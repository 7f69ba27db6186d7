import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What the server does with a request: streams a text, sends a status, or never answers. */
export type Reply = string | { readonly status: number } | "hang";

export interface ChatServer extends AsyncDisposable {
  readonly baseURL: string;
  /** The requests' bodies. */
  readonly requests: readonly { readonly model: string; readonly messages: readonly { readonly role: string; readonly content: string }[] }[];
  readonly authorizations: readonly (string | undefined)[];
}

/** A server on the loopback interface that speaks chat completions. The n-th request gets the n-th reply, later ones the last. */
export async function chatServer(...replies: readonly Reply[]): Promise<ChatServer> {
  const requests: ChatServer["requests"][number][] = [];
  const authorizations: (string | undefined)[] = [];
  const server = createServer(async (request, response) => {
    const body = await new Response(request as unknown as ReadableStream).text();
    requests.push(JSON.parse(body));
    authorizations.push(request.headers.authorization);
    const reply = replies[requests.length - 1] ?? replies.at(-1) ?? "hang";
    if (typeof reply !== "string")
      response.writeHead(reply.status, { "content-type": "application/json" }).end('{"error":{"message":"out of order"}}');
    else if (reply !== "hang") stream(reply, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    baseURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests,
    authorizations,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function stream(text: string, response: ServerResponse): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  const send = (data: object): boolean => response.write(`data: ${JSON.stringify(data)}\n\n`);
  for (const piece of text.match(/[\s\S]{1,20}/g) ?? []) send({ choices: [{ index: 0, delta: { content: piece }, finish_reason: null }] });
  send({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] });
  send({ choices: [], usage: { prompt_tokens: 1_000, completion_tokens: 20, total_tokens: 1_020 } });
  response.end("data: [DONE]\n\n");
}
