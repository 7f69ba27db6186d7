import { type BlaxelServer, startBlaxelServer } from "@codelet/local-blaxel";

const isLive = process.env.CODELET_LIVE === "1";

/** A local server of Blaxel's protocol, which the SDK of this process talks to from now on. No test reaches the cloud unless CODELET_LIVE is 1. */
export async function useLocalBlaxel(): Promise<BlaxelServer> {
  if (isLive) throw new Error("CODELET_LIVE is 1: this test is for the local server.");
  const server = await startBlaxelServer();
  Object.assign(process.env, {
    BL_API_URL: `${server.url}/v0`,
    BL_RUN_URL: server.url,
    BL_API_KEY: server.apiKey,
    BL_WORKSPACE: "local",
    BL_REGION: "local",
    BL_DISABLE_H2: "true", // else the SDK warms connections to the cloud by itself
    BL_DISABLE_CONTROL_PLANE_H2: "true",
  });
  for (const name of ["BL_API_URL", "BL_RUN_URL"])
    if (!/^http:\/\/127\.0\.0\.1:/.test(process.env[name] ?? "")) throw new Error(`${name} is no loopback address.`);
  return server;
}
