import type { Json, ToolCallPart } from "@codelet/core";
import { callSignature } from "./extras.ts";
import { asList, asRecord, asText, type ForeignRecord, isDeep } from "./foreign-json.ts";

/** Characters that are read to tell where calls without ids end: a hostile server sends them in a million pieces. */
const maxLookedAt = 50_000_000;

interface OpenCall {
  id: string;
  name: string;
  arguments: string;
  signature?: string | undefined;
}

/** Puts tool calls together from the pieces of a stream, or from a whole message whose calls are numbered. */
export interface ToolCallMerger {
  /** Takes the calls of a delta or a message. */
  add(toolCalls: readonly unknown[]): void;
  /** The finished calls in order of their first piece. */
  finish(): readonly ToolCallPart[];
}

/**
 * Pieces belong to the call of their `index`. Servers that send none, or the same for every call, are understood by the id: a new one begins a call,
 * none goes on with the last. At one index only a piece with a name begins a call, since some servers give each piece an id of its own. Where no id tells,
 * a named piece with arguments begins a call once those before it are complete.
 */
export function toolCallMerger(): ToolCallMerger {
  const calls: OpenCall[] = [];
  const byIndex = new Map<number, OpenCall>();
  const byId = new Map<string, OpenCall>();
  let lookedAt = 0;
  /** Whether a piece begins the call after the open one, where no id tells. A piece that only repeats the name finds incomplete arguments. */
  const isNext = (call: OpenCall, definition: ForeignRecord | undefined): boolean => {
    if (asText(definition?.name) === "" || argumentsOf(definition) === "" || lookedAt > maxLookedAt) return false;
    lookedAt += call.arguments.length;
    return isJson(call.arguments);
  };
  return {
    add(toolCalls) {
      for (const entry of toolCalls) {
        const piece = asRecord(entry);
        if (piece === undefined) continue;
        const id = asText(piece.id);
        const index = typeof piece.index === "number" ? piece.index : undefined;
        let call = index === undefined ? undefined : byIndex.get(index);
        if (index === undefined) call = id === "" ? calls.at(-1) : byId.get(id);
        const definition = asRecord(piece.function);
        const tellsApart = id !== "" && call?.id !== "" && id !== call?.id;
        if (call === undefined || (tellsApart ? asText(definition?.name) !== "" : isNext(call, definition))) {
          call = { id: "", name: "", arguments: "" };
          calls.push(call);
        }
        if (index !== undefined) byIndex.set(index, call);
        append(call, id, definition);
        byId.set(call.id, call);
        call.signature = callSignature(piece.extra_content) ?? call.signature;
      }
    },
    finish() {
      return calls.map(({ id, name, arguments: text, signature }) => ({
        type: "tool-call",
        id: id || `call_${crypto.randomUUID()}`,
        name,
        input: parseArguments(text),
        ...(signature !== undefined && { signature }),
      }));
    },
  };
}

/** The calls of a whole message with their places as indices: each is a call of its own, whatever its id and index are. */
export function numberedCalls(message: ForeignRecord): readonly unknown[] {
  return callsOf(message).map((entry, index) => asRecord(entry) && { ...asRecord(entry), index });
}

/** The calls of a delta or a message. TGI streams one as it is, without a list around it; older servers have one `function_call`. */
export function callsOf({ tool_calls: calls, function_call: only }: ForeignRecord): readonly unknown[] {
  if (asRecord(calls) !== undefined) return [calls];
  return calls === undefined && asRecord(only) !== undefined ? [{ function: only }] : asList(calls);
}

/** Names come before the arguments, in one piece or several: some servers repeat them in every piece. */
function append(call: OpenCall, id: string, definition: ForeignRecord | undefined): void {
  call.id ||= id;
  const name = asText(definition?.name);
  if (call.arguments === "" && name !== call.name) call.name += name;
  call.arguments += argumentsOf(definition);
}

function argumentsOf(definition: ForeignRecord | undefined): string {
  const given = definition?.arguments;
  return asRecord(given) === undefined ? asText(given) : JSON.stringify(given);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * The arguments, or their text where they are no usable JSON, or deep. A JSON string stays as it came too: text goes back to the server unquoted. And so does
 * what holds an integer that a number would round: the kernel reads it exactly.
 */
function parseArguments(text: string): Json {
  if (text.trim() === "") return {};
  let isExact = true;
  const note = (_: string, value: unknown, { source = "" }: { readonly source?: string } = {}): unknown => {
    isExact &&= !isRounded(value, source);
    return value;
  };
  try {
    const parsed = JSON.parse(text, /\d{16}/.test(text) ? note : undefined) as Json;
    return !isExact || typeof parsed === "string" || isDeep(parsed) ? text : parsed;
  } catch {
    return text;
  }
}

function isRounded(value: unknown, source: string): boolean {
  return Number.isInteger(value) && !Number.isSafeInteger(value) && /^-?\d+$/.test(source) && BigInt(value as number) !== BigInt(source);
}
