import { ConfigurationError } from "@codelet/core";
import { isAccessKey } from "./options.ts";

/** Where else a key is looked for, and what to do when it can't be used. */
export interface AccessKeyOptions {
  /** The variable of the environment that holds the key where none is given. */
  readonly variable: string;
  /** What to do, as the rest of a sentence: "set it again, or pass `apiKey`". */
  readonly advice: string;
  /** Whether there is no other way in. @default false */
  readonly isNeeded?: boolean | undefined;
}

/**
 * The key that was given, else that of a variable, which is read now; empty where there is none. Throws `configuration` for one that is needed and not there,
 * and for one that can't be sent as a header, of which an SDK's error would show a part; it appears in no error here.
 */
export function accessKey(given: string | undefined, { variable, advice, isNeeded = false }: AccessKeyOptions): string {
  const key = given ?? process.env[variable]?.trim() ?? "";
  if (key === "" && isNeeded) throw new ConfigurationError(`${variable} is not set: ${advice}.`);
  if (key !== "" && !isAccessKey(key)) throw new ConfigurationError(`${variable} holds spaces or other characters that no key has: ${advice}.`);
  return key;
}
