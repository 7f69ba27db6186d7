import { type ModalServer, startModalServer } from "@codelet/local-modal";

/** A local server of Modal's protocol, which the SDK of this process talks to from now on. No test reaches the cloud unless CODELET_LIVE is 1. */
export async function useLocalModal(): Promise<ModalServer> {
  if (process.env.CODELET_LIVE === "1") throw new Error("CODELET_LIVE is 1: this test is for the local server.");
  const server = await startModalServer();
  if (!/^http:\/\/127\.0\.0\.1:\d+$/.test(server.url)) throw new Error(`${server.url} is no loopback address.`);
  Object.assign(process.env, { MODAL_SERVER_URL: server.url, MODAL_TOKEN_ID: server.tokenId, MODAL_TOKEN_SECRET: server.tokenSecret });
  return server;
}
