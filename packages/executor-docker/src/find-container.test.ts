import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { CodeletError } from "@codelet/core";
import { expect, it } from "vitest";
import { dockerExecutor } from "./docker-executor.ts";

const restore = { executor: "docker", data: { version: 1, machine: { containerId: "0123456789ab" }, markPrefix: "x" } };

async function sandboxAt(engine: string): Promise<unknown> {
  const opening = dockerExecutor({ engine, engineType: "docker" }).open({ restore });
  return opening.then(
    () => "found",
    ({ details }: CodeletError) => details.sandbox,
  );
}

/** What an engine answers that is asked for the container. */
async function answering(status: number, body: unknown): Promise<unknown> {
  const server = createServer((_, response) => response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body)));
  await once(server.listen(0, "127.0.0.1"), "listening");
  try {
    return await sandboxAt(`tcp://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.close();
  }
}

it.each([
  [404, { message: "No such container" }],
  [200, { State: { Running: false }, Config: { Labels: {} } }],
])("takes a session for lost of which the engine says that its container has ended: %i", async (status, body) => {
  expect(await answering(status, body)).toBe("gone");
});

it.each([401, 403, 429, 500, 503])("takes none for lost where the engine answers %i", async (status) => {
  expect(await answering(status, { message: "not now" })).toBeUndefined();
});

it.each(["/run/no-engine.sock", "tcp://127.0.0.1:9"])("takes none for lost where no engine answers at %s", async (engine) => {
  expect(await sandboxAt(engine)).toBeUndefined();
});
