import { ConfigurationError, type Json } from "@codelet/core";
import { gone } from "./machine-gone.ts";

/** What a part of a reference must be; a pattern is for text. */
export type ReferencePart = RegExp | ((part: unknown) => boolean);

/**
 * The parts of a reference that a provider's `find` got, once each is what it must be: it comes from wherever it was kept, and goes into addresses. Throws
 * `configuration`; `what` it should name is such as "sandbox of Acme".
 *
 * @example
 * const { id } = readReference<{ id: string }>(reference, "sandbox of Acme", { id: /^[a-z0-9]+$/ });
 */
export function readReference<Parts extends object>(reference: Json, what: string, parts: { readonly [Name in keyof Parts]: ReferencePart }): Parts {
  const given = (reference ?? {}) as Readonly<Record<string, unknown>>;
  const rows = Object.entries(parts as Readonly<Record<string, ReferencePart>>);
  if (!rows.every(([name, part]) => isPart(given[name], part))) throw new ConfigurationError(`The reference names no ${what}.`, { details: gone });
  return Object.fromEntries(rows.map(([name]) => [name, given[name]])) as Parts;
}

function isPart(value: unknown, part: ReferencePart): boolean {
  return typeof part === "function" ? part(value) : typeof value === "string" && part.test(value);
}
