import { importSdk } from "@codelet/bridge";
import { MissingPackageError } from "@codelet/core";

type Sdk = typeof import("modal");

/** With the release: `modal` alone installs another author's window for web pages. */
const install = "modal@~0.11.1";
const user = "The Modal executor";

/** Modal's SDK, an install of the user's. Rejects with `missing-package`, also for the other package of that name, and with `configuration` when it can't be loaded. */
export async function loadSdk(): Promise<Sdk> {
  const sdk: Partial<Sdk> = await importSdk(() => import("modal"), { resolve: () => import.meta.resolve("modal"), install, user });
  if (sdk.ModalClient === undefined) throw new MissingPackageError(install, user);
  return sdk as Sdk;
}
