import type { WireMessage } from "./render-messages.ts";

/** The messages for Mistral's models, whose calls have ids of nine letters and digits: others come from a conversation with another model, or from the kernel. */
export function withShortIds(messages: readonly WireMessage[]): readonly WireMessage[] {
  const short = new Map<unknown, string>();
  const idOf = (id: unknown): string => {
    const known = short.get(id) ?? (/^[A-Za-z0-9]{9}$/.test(String(id)) ? String(id) : `call${String(short.size).padStart(5, "0")}`);
    short.set(id, known);
    return known;
  };
  return messages.map((message) => {
    if (message.tool_call_id !== undefined) return { ...message, tool_call_id: idOf(message.tool_call_id) };
    if (!Array.isArray(message.tool_calls)) return message;
    return { ...message, tool_calls: message.tool_calls.map((call: { readonly id: unknown }) => ({ ...call, id: idOf(call.id) })) };
  });
}
