import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type Exchange, sendError, sendJson } from "./exchange.ts";
import type { Machine } from "./machine.ts";

/** envd's `/files`: whole files, below /home/user and /tmp. */
export async function answerFiles(exchange: Exchange, machine: Machine): Promise<void> {
  const requested = exchange.query.get("path") ?? "";
  if (exchange.method === "GET") return read(exchange, machine, requested);
  const type = exchange.request.headers["content-type"] ?? "";
  const files: { readonly name: string; readonly content: Buffer }[] = [];
  if (type.startsWith("multipart/")) {
    const body = new Uint8Array(exchange.body);
    for (const part of (await new Response(body, { headers: { "content-type": type } }).formData()).getAll("file")) {
      if (typeof part !== "string") files.push({ name: requested === "" ? part.name : requested, content: Buffer.from(await part.arrayBuffer()) });
    }
  } else files.push({ name: requested, content: exchange.body });
  const written: { readonly name: string; readonly path: string; readonly type: "file" }[] = [];
  for (const { name, content } of files) {
    const place = machine.place(name);
    if (place === undefined) return sendError(exchange, 403, `the local server has no place for '${name}'`);
    mkdirSync(path.dirname(place), { recursive: true });
    writeFileSync(place, content);
    written.push({ name: path.basename(place), path: place.slice(machine.folder.length), type: "file" });
  }
  sendJson(exchange, 200, written);
}

function read(exchange: Exchange, machine: Machine, requested: string): void {
  const place = machine.place(requested);
  if (place === undefined || !existsSync(place)) {
    sendError(exchange, 404, `path '${requested}' does not exist`);
    return;
  }
  const content = readFileSync(place);
  exchange.response.writeHead(200, { "content-type": "application/octet-stream", "content-length": content.length }).end(content);
}
