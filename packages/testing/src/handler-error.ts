import type { CodeErrorInfo, Value } from "@codelet/core";
import { encodeValue } from "@codelet/core/value-codec";

/** What a step that was stopped says of itself. */
export function stopInfo(reason: "timeout" | "aborted"): CodeErrorInfo {
  if (reason === "timeout") return { name: "TimeoutError", message: "the code ran out of time" };
  return { name: "AbortError", message: "the code was stopped" };
}

/** What a handler threw, in the shape of an error of code. */
export function errorInfo(thrown: unknown): CodeErrorInfo {
  if (thrown instanceof Error) return { name: thrown.name, message: thrown.message };
  return { name: "Error", message: String(thrown) };
}

export function namedError({ name, message }: { readonly name: string; readonly message: string }): Error {
  const error = new Error(message);
  error.name = name;
  return error;
}

/** The value itself, null for none. Throws ValueError for what no sandbox could hand over, such as a promise that was not awaited. */
// biome-ignore lint/suspicious/noConfusingVoidType: a handler that returns nothing
export function leaving(value: Value | undefined | void): Value {
  if (value === undefined) return null;
  encodeValue(value);
  return value;
}
