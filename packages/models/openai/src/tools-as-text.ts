import { type Message, type ModelRequest, textOf } from "@codelet/core";

type Tools = NonNullable<ModelRequest["tools"]>;

/**
 * The messages for a server that takes no tools: these are described in the system prompt, and calls and their results are text, also of a request without tools.
 * The kernel reads calls in text.
 */
export function toolsAsText(messages: readonly Message[], tools: Tools): readonly Message[] {
  const said = messages.map(callsAsText);
  if (tools.length === 0) return said;
  const [first, ...others] = said;
  const isSystem = first?.role === "system";
  const prompt = isSystem ? `${typeof first.content === "string" ? first.content : textOf(first.content)}\n\n` : "";
  return [{ role: "system", content: `${prompt}${description(tools)}` }, ...(isSystem ? others : said)];
}

function description(tools: Tools): string {
  const lines = tools.map((tool) => JSON.stringify({ name: tool.name, description: tool.description, parameters: tool.inputSchema }));
  return `The tools:
${lines.join("\n")}

You call a tool by one JSON object in your answer: {"name": the tool, "arguments": {its arguments}}. Several stand one below the other. Write nothing behind them: their results are the next message.`;
}

function callsAsText({ role, content }: Message): Message {
  if (typeof content === "string" || !content.some(({ type }) => type === "tool-call" || type === "tool-result")) return { role, content };
  const texts = content.flatMap((part) => {
    if (part.type === "text") return [part.text];
    if (part.type === "tool-call") return [JSON.stringify({ name: part.name, arguments: part.input })];
    return part.type === "tool-result" ? [`Result of ${part.name}:\n${part.content}`] : [];
  });
  const others = content.filter(({ type }) => type === "image" || type === "file" || type === "reasoning");
  return { role: role === "tool" ? "user" : role, content: [...others, { type: "text", text: texts.join("\n") }] };
}
