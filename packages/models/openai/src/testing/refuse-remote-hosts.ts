import { afterAll, beforeAll } from "vitest";

/** Whether tests may speak to the real service: asked for, and with a key. */
export const isLive: boolean = process.env.CODELET_LIVE === "1" && Boolean(process.env.OPENAI_API_KEY);

/** Makes the global fetch fail for every host but this machine, and hides the key of whoever runs the tests. Only the live test does without. */
export function refuseRemoteHosts(): void {
  const { fetch } = globalThis;
  const hidden = Object.entries(process.env).filter(([name]) => name.startsWith("OPENAI_"));
  beforeAll(() => {
    for (const [name] of hidden) delete process.env[name];
    globalThis.fetch = async (input, init) => {
      const { hostname } = new URL(input instanceof Request ? input.url : input);
      if (hostname !== "127.0.0.1" && hostname !== "[::1]" && hostname !== "localhost")
        throw new Error(`A test spoke to ${hostname}. Only the live test may.`);
      return fetch(input, init);
    };
  });
  afterAll(() => {
    globalThis.fetch = fetch;
    for (const [name, value] of hidden) process.env[name] = value;
  });
}
