import { importSdk } from "@codelet/bridge";

type Sdk = typeof import("@e2b/code-interpreter");

/** The SDK, an install of the user's. Rejects with `missing-package`, and with `configuration` when it can't be loaded. */
export async function loadSdk(): Promise<Sdk["Sandbox"]> {
  const resolve = (): string => import.meta.resolve("@e2b/code-interpreter");
  return (await importSdk(() => import("@e2b/code-interpreter"), { resolve, install: "@e2b/code-interpreter", user: "The E2B executor" })).Sandbox;
}
