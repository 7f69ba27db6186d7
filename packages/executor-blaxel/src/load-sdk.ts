import { sdkFailure } from "@codelet/bridge";

export type Sdk = typeof import("@blaxel/core");

/** Blaxel's SDK, an install of the user's. Rejects with `missing-package`; an SDK that is there and fails rejects with its own error. */
export async function loadSdk(): Promise<Sdk> {
  return import("@blaxel/core").catch((cause: unknown) => {
    throw sdkFailure(cause, { resolve: () => import.meta.resolve("@blaxel/core"), install: "@blaxel/core@~0.3.21", user: "The Blaxel executor" });
  });
}
