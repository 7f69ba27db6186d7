import type { Json, ToolCallPart } from "@codelet/core";
import { asList, asRecord, asText } from "./foreign-json.ts";

/** Deeper arguments stay text: whatever walks them later would run out of stack. */
const maxArgumentDepth = 100;

interface OpenCall {
  id: string;
  name: string;
  arguments: string;
}

/** Puts tool calls together from the pieces of a stream, or from a whole message. */
export interface ToolCallMerger {
  /** Takes the `tool_calls` of a delta or a message. */
  add(toolCalls: unknown): void;
  /** The finished calls in order of their first piece. */
  finish(): readonly ToolCallPart[];
}

/**
 * Pieces belong to the call of their `index`. Servers that send none, or the same for every call, are understood by the id: a new one begins a call,
 * none goes on with the last.
 */
export function toolCallMerger(): ToolCallMerger {
  const calls: OpenCall[] = [];
  const byIndex = new Map<number, OpenCall>();
  return {
    add(toolCalls) {
      for (const entry of asList(toolCalls)) {
        const piece = asRecord(entry);
        if (piece === undefined) continue;
        const id = asText(piece.id);
        const index = typeof piece.index === "number" ? piece.index : undefined;
        let call = index === undefined ? undefined : byIndex.get(index);
        if (index === undefined) call = id === "" ? calls.at(-1) : calls.find((known) => known.id === id);
        if (call === undefined || (id !== "" && call.id !== "" && call.id !== id)) {
          call = { id: "", name: "", arguments: "" };
          calls.push(call);
        }
        if (index !== undefined) byIndex.set(index, call);
        append(call, id, asRecord(piece.function));
      }
    },
    finish() {
      return calls.map(({ id, name, arguments: text }) => ({
        type: "tool-call",
        id: id || `call_${crypto.randomUUID()}`,
        name,
        input: parseArguments(text),
      }));
    },
  };
}

/** Names come whole: some servers repeat them in every piece. */
function append(call: OpenCall, id: string, definition: ReturnType<typeof asRecord>): void {
  call.id ||= id;
  call.name ||= asText(definition?.name);
  const given = definition?.arguments;
  call.arguments += asRecord(given) === undefined ? asText(given) : JSON.stringify(given);
}

function parseArguments(text: string): Json {
  if (text.trim() === "") return {};
  try {
    const parsed = JSON.parse(text) as Json;
    return isDeeper(parsed, maxArgumentDepth) ? text : parsed;
  } catch {
    return text;
  }
}

function isDeeper(value: unknown, depth: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return depth === 0 || Object.values(value).some((item) => isDeeper(item, depth - 1));
}
