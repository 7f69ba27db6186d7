import { MissingPackageError } from "@codelet/core";

type Sdk = typeof import("@e2b/code-interpreter");

const sdkPackage = "@e2b/code-interpreter";

/** The SDK, an optional install of the user's. Rejects with `missing-package`; an SDK that is there and fails rejects with its own error. */
export async function loadSdk(): Promise<Sdk["Sandbox"]> {
  try {
    return (await import("@e2b/code-interpreter")).Sandbox;
  } catch (cause) {
    if (isInstalled()) throw cause;
    throw new MissingPackageError(sdkPackage, "The E2B executor", { cause });
  }
}

function isInstalled(): boolean {
  try {
    return import.meta.resolve(sdkPackage) !== "";
  } catch {
    return false;
  }
}
