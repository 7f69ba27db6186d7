import { importSdk } from "@codelet/bridge";

export type Sdk = typeof import("@blaxel/core");

/** Blaxel's SDK, an install of the user's. Rejects with `missing-package`, and with `configuration` when it can't be loaded. */
export function loadSdk(): Promise<Sdk> {
  const resolve = (): string => import.meta.resolve("@blaxel/core");
  return importSdk(() => import("@blaxel/core"), { resolve, install: "@blaxel/core@~0.3.21", user: "The Blaxel executor" });
}
