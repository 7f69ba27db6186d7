import type { WireMessage } from "./render-messages.ts";

/** The messages for servers and templates that want user and assistant by turns: neighbours of one role become one, and between a tool and a user somebody speaks. */
export function byTurns(messages: readonly WireMessage[]): readonly WireMessage[] {
  const ordered: WireMessage[] = [];
  for (const message of messages) {
    const last = ordered.at(-1);
    if (last?.role === "tool" && message.role === "user") ordered.push({ role: "assistant", content: "I see." });
    const isNext =
      last?.role === message.role && (message.role === "user" || (message.role === "assistant" && !last.tool_calls && !message.tool_calls));
    if (isNext) ordered[ordered.length - 1] = { ...last, content: joined(last.content, message.content) };
    else ordered.push(message);
  }
  return ordered;
}

/** The messages for models that know no system prompt: what it says begins the first message of the user. */
export function withoutSystem(messages: readonly WireMessage[]): readonly WireMessage[] {
  const system = messages.filter(({ role }) => role === "system").map(({ content }) => content);
  if (system.length === 0) return messages;
  const others = messages.filter(({ role }) => role !== "system");
  const at = others.findIndex(({ role }) => role === "user");
  const first = { role: "user", content: [...system, ...others.slice(at, at + 1).map(({ content }) => content)].reduce(joined) };
  return at < 0 ? [first, ...others] : others.with(at, first);
}

/** Two contents as one: text, or parts where one of them has other things than text. */
function joined(a: unknown, b: unknown): unknown {
  if (typeof a === "string" && typeof b === "string") return `${a}\n\n${b}`;
  return [...parts(a), ...parts(b)];
}

function parts(content: unknown): readonly unknown[] {
  return Array.isArray(content) ? content : [{ type: "text", text: content }];
}
