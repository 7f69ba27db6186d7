import { expect, it } from "vitest";
import type { LocalExecutorOptions } from "../options.ts";
import { evaluate, openLocal, run } from "./evaluate.ts";

export const memoryLimitBytes: number = 192 * 2 ** 20;

/** Children that together use more than the limit, each less than it. */
export const manyEaters: string = `
import os, time
for _ in range(6):
    if os.fork() == 0:
        block = bytearray(60 * 2**20)
        for position in range(0, len(block), 4096):
            block[position] = 1
        time.sleep(20)
        os._exit(0)
time.sleep(2)
alive = 6
while os.waitpid(-1, os.WNOHANG)[0]:
    alive -= 1
alive
`;

const fill = `
import os, socket, time
kept = []
def fill(*ends):
    kept.extend(ends)
    for end in ends:
        end.setblocking(False)
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2**20)
        try:
            while True: end.send(bytes(2**16))
        except BlockingIOError: pass
`;

/** Two processes whose sockets hold more than the limit, which no process's own size shows. */
export const fullSockets: string = `${fill}
for _ in range(2):
    if os.fork() == 0:
        for _ in range(500): fill(*socket.socketpair())
        time.sleep(20)
        os._exit(0)
time.sleep(4)
`;

export const fullConnections: string = `${fill}
server = socket.create_server(("127.0.0.1", 0))
for _ in range(100):
    client = socket.create_connection(server.getsockname())
    fill(client, server.accept()[0])
time.sleep(4)
`;

export const emptyFiles: string = `
import os, time
for number in range(250_000): os.close(os.open(f"/tmp/{'n' * 200}{number}", os.O_CREAT))
time.sleep(4)
`;

export const forkBomb: string = `
import os, time
forked = 0
try:
    while True:
        if os.fork() == 0:
            time.sleep(20)
            os._exit(0)
        forked += 1
except OSError as error:
    pass
forked
`;

/** What is enforced everywhere, by whatever the machine has for it. */
export function limitCases(options: LocalExecutorOptions): void {
  it("give the code a MemoryError first, and keep its variables", async () => {
    await using session = await openLocal({ ...options, memoryLimitBytes });
    await run(session, "kept = 7");
    const { error, stateLost } = await run(session, "blocks = []\nwhile True: blocks.append(bytearray(2**20))");
    expect([error?.name, stateLost]).toEqual(["MemoryError", false]);
    await run(session, "blocks = None");
    expect(await evaluate(session, "kept")).toBe(7);
  });

  it("hold for the processes of a session together", async () => {
    await using session = await openLocal({ ...options, memoryLimitBytes });
    const { error, value } = await run(session, manyEaters, { timeoutMs: 20_000 });
    // A control group takes one eater after the other; the host's watch ends the session.
    if (error === undefined) expect(value).toBeLessThan(6);
    else expect(error.name).toBe("MemoryError");
    expect(await evaluate(session, "1 + 1")).toBe(2);
  });

  it("end a fork bomb", async () => {
    await using session = await openLocal({ ...options, maxProcesses: 40 });
    const { error, value } = await run(session, forkBomb, { timeoutMs: 20_000 });
    if (error === undefined) expect(value).toBeLessThanOrEqual(40);
    else expect(error.name).toBe("SessionDied");
  });

  it("cap a flood of output without growing the host", async () => {
    await using session = await openLocal(options);
    const flood = (chunks: number): string => `import os\nchunk = b"x" * 65536\nfor _ in range(${chunks}): os.write(1, chunk)`;
    await run(session, flood(2_000), { timeoutMs: 20_000 });
    // Read buffers are collected when Node sees fit, later on a busy machine: a host that kept the flood would grow by all of its 512 MB.
    const before = process.memoryUsage().rss;
    const { logs, error } = await run(session, flood(8_000), { timeoutMs: 20_000 });
    expect(error).toBeUndefined();
    expect(logs.length).toBeLessThan(300_000);
    expect(process.memoryUsage().rss - before).toBeLessThan(256 * 2 ** 20);
  });
}
