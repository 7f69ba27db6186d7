const variables = ["E2B_API_URL", "E2B_SANDBOX_URL"] as const;

/** Set by whoever means to use the real service, and to pay for it. */
export const isLive: boolean = process.env.CODELET_LIVE === "1";

/** Throws unless everything that the SDK would talk to is on this machine. A test set-up that forgets a variable must not find the real service. */
export function refuseRealService(environment: NodeJS.ProcessEnv = process.env): void {
  if (environment.CODELET_LIVE === "1") return;
  for (const name of variables) {
    const url = environment[name];
    if (url === undefined || !isLoopback(url))
      throw new Error(
        `Tests talk to loopback only, and ${name} is ${url === undefined ? "not set" : `\`${url}\``}. CODELET_LIVE=1 allows the real service.`,
      );
  }
}

function isLoopback(url: string): boolean {
  try {
    return ["127.0.0.1", "localhost", "[::1]"].includes(new URL(url).hostname);
  } catch {
    return false;
  }
}
