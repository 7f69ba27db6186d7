import { type E2bServer, type E2bServerOptions, startE2bServer } from "@codelet/local-e2b";
import { refuseRealService } from "./loopback-only.ts";

/** A local server, and the SDK's variables that lead there. Closing it takes them back. */
export async function startLocalService(options: E2bServerOptions = {}): Promise<E2bServer> {
  const server = await startE2bServer({ python: process.env.CODELET_TEST_PYTHON, ...options });
  const settings = { E2B_API_KEY: server.apiKey, E2B_API_URL: server.url, E2B_SANDBOX_URL: server.url };
  const before = Object.keys(settings).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, settings);
  refuseRealService();
  return {
    ...server,
    async close() {
      for (const [name, value] of before) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
      await server.close();
    },
  };
}
