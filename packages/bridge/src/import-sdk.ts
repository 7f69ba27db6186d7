import { ConfigurationError, MissingPackageError } from "@codelet/core";

/** What is needed to load an SDK, and to say how it is installed. */
export interface ImportSdkOptions {
  /** The importing file's `() => import.meta.resolve("the-sdk")`: whether the package is there. */
  readonly resolve: () => string;
  /** What is installed, with its release where another one would not do: `"modal@~0.11.1"`. */
  readonly install: string;
  /** Who needs it, as the start of a sentence: `"The Modal executor"`. */
  readonly user: string;
}

/**
 * An SDK that users install themselves. Rejects with `missing-package` where it is not there, with `configuration` where it is and can't be loaded.
 *
 * @example
 * const sdk = await importSdk(() => import("acme"), { resolve: () => import.meta.resolve("acme"), install: "acme@~1.2.0", user: "The Acme executor" });
 */
export async function importSdk<Sdk>(load: () => Promise<Sdk>, { resolve, install, user }: ImportSdkOptions): Promise<Sdk> {
  try {
    return await load();
  } catch (cause) {
    if (!isThere(resolve)) throw new MissingPackageError(install, user, { cause });
    throw new ConfigurationError(`${user} can't load its SDK: ${String((cause as Error | null)?.message ?? cause)}. Install ${install} again.`, {
      cause,
    });
  }
}

function isThere(resolve: () => string): boolean {
  try {
    resolve();
    return true;
  } catch {
    return false;
  }
}
