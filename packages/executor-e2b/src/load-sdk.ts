import { sdkFailure } from "@codelet/bridge";

type Sdk = typeof import("@e2b/code-interpreter");

/** The SDK, an install of the user's. Rejects with `missing-package`; an SDK that is there and fails rejects with its own error. */
export async function loadSdk(): Promise<Sdk["Sandbox"]> {
  const { Sandbox } = await import("@e2b/code-interpreter").catch((cause: unknown) => {
    const resolve = (): string => import.meta.resolve("@e2b/code-interpreter");
    throw sdkFailure(cause, { resolve, install: "@e2b/code-interpreter", user: "The E2B executor" });
  });
  return Sandbox;
}
