import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { SessionRef } from "@codelet/core";

const built = fileURLToPath(new URL("../../dist/index.js", import.meta.url));

/** A host of its own: it answers the first call, leaves the second one, and says how its session is found. */
const host = (options: object): string => `
  const { dockerExecutor } = await import(${JSON.stringify(built)});
  const echo = { name: "echo", description: "Its argument.", inputSchema: { type: "object", properties: { value: {} }, required: ["value"] } };
  const session = await dockerExecutor(${JSON.stringify(options)}).open({ tools: [echo] });
  session.start("first = echo('a')\\nprint('between')\\nsecond = echo('b')\\n[first, second]");
  const { calls: [call] } = await session.next();
  session.deliver([{ id: call.id, value: "A" }]);
  const { calls: [waiting] } = await session.next();
  console.log(JSON.stringify({ reference: session.reference, id: waiting.id }));
  setInterval(() => {}, 1_000);
`;

export interface Left {
  readonly reference: SessionRef;
  readonly id: string;
}

/** Starts a host, hears what it says, and kills it. */
export async function killedHost(options: object): Promise<Left> {
  const child = spawn(process.execPath, ["--input-type=module", "-e", host(options)], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  child.kill("SIGKILL");
  await once(child, "close");
  return JSON.parse(line.toString()) as Left;
}
