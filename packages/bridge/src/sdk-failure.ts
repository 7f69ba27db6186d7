import { MissingPackageError } from "@codelet/core";

export interface SdkFailureOptions {
  /** The importing file's `() => import.meta.resolve("the-sdk")`: whether the package is there. */
  readonly resolve: () => string;
  /** What is installed, with its release where another one would not do: `"modal@~0.11.1"`. */
  readonly install: string;
  /** Who needs it, as the start of a sentence: `"The Modal executor"`. */
  readonly user: string;
}

/**
 * Why the import of an SDK failed that users install themselves: `missing-package` where it is not there, its own error where it is.
 *
 * @example
 * const sdk = await import("modal").catch((cause: unknown) => {
 *   throw sdkFailure(cause, { resolve: () => import.meta.resolve("modal"), install: "modal@~0.11.1", user: "The Modal executor" });
 * });
 */
export function sdkFailure(cause: unknown, { resolve, install, user }: SdkFailureOptions): unknown {
  try {
    resolve();
    return cause;
  } catch {
    return new MissingPackageError(install, user, { cause });
  }
}
