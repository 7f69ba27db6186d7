import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface EngineProxy extends AsyncDisposable {
  /** What `dockerExecutor({ engine })` takes. */
  readonly engine: string;
  /** Breaks every connection, as a network or an engine that restarts does. */
  drop(): void;
  /** What was sent to the engine and came from it, as text. */
  readonly traffic: string[];
}

/** A way to the engine's socket that can break. */
export async function engineProxy(target: string): Promise<EngineProxy> {
  const folder = mkdtempSync(join(tmpdir(), "codelet-docker-"));
  const open = new Set<Socket>();
  const traffic: string[] = [];
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ path: target, allowHalfOpen: true });
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(from);
      from.on("error", () => to.destroy());
      from.on("close", () => open.delete(from));
      from.on("data", (chunk: Buffer) => traffic.push(chunk.toString("latin1")));
      from.pipe(to);
    }
  });
  const engine = join(folder, "engine.sock");
  server.listen(engine);
  await once(server, "listening");
  const drop = (): void => {
    for (const socket of open) socket.destroy();
  };
  return {
    engine,
    drop,
    traffic,
    async [Symbol.asyncDispose]() {
      drop();
      server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
