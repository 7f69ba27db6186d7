import { MissingPackageError } from "@codelet/core";

type Sdk = typeof import("modal");

/** With the release: `modal` alone installs another author's window for web pages. */
const sdkPackage = "modal@~0.11.1";

/** Modal's SDK, an install of the user's. Rejects with `missing-package`, also for the other package of that name; an SDK that fails rejects with its own error. */
export async function loadSdk(): Promise<Sdk> {
  let sdk: Partial<Sdk>;
  try {
    sdk = await import("modal");
  } catch (cause) {
    throw isInstalled() ? cause : missing(cause);
  }
  if (sdk.ModalClient === undefined) throw missing(undefined);
  return sdk as Sdk;
}

function missing(cause: unknown): MissingPackageError {
  return new MissingPackageError(sdkPackage, "The Modal executor", { cause });
}

function isInstalled(): boolean {
  try {
    return import.meta.resolve("modal") !== "";
  } catch {
    return false;
  }
}
