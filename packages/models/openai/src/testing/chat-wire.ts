import type { ContentPart, FinishReason, Message } from "@codelet/core";
import { fromBase64 } from "@codelet/core/value-codec";
import type { ModelWire, Reply, ReplyCall } from "@codelet/testing/model-contract";
import { event } from "./loopback-server.ts";

/** Chat completions, from the server's side. */
export const chatWire: ModelWire = {
  read({ body }) {
    const { messages, tools = [], tool_choice: toolChoice, stop, response_format: format, stream } = JSON.parse(body);
    return {
      messages: messages.map(readMessage),
      tools: tools.map(({ function: { name, description, parameters } }: WireTool) => ({ name, description, inputSchema: parameters })),
      toolChoice,
      stop,
      responseSchema: format && { name: format.json_schema.name, schema: format.json_schema.schema },
      streams: stream,
    };
  },
  whole({ parts, finishReason, usage }) {
    const calls = parts.filter((part) => part.type === "tool-call");
    const message = {
      role: "assistant",
      ...textsOf(parts),
      ...(calls.length > 0 && { tool_calls: calls.map((call) => renderCall(call)) }),
      ...detailsOf(parts),
    };
    return JSON.stringify({ choices: [{ index: 0, message, finish_reason: finishReasons[finishReason] }], usage: renderUsage(usage) });
  },
  pieces({ parts, finishReason, usage }) {
    const calls = parts.filter((part) => part.type === "tool-call");
    const chunk = (delta: object, finish_reason: string | null = null): string => event({ choices: [{ index: 0, delta, finish_reason }] });
    return [
      chunk({ role: "assistant", content: "" }),
      ...parts.filter((part) => part.type !== "tool-call").map((part) => chunk({ ...textsOf([part]), ...detailsOf([part]) })),
      ...calls.flatMap((call, index) => piecesOf(call).map((piece) => chunk({ tool_calls: [{ index, ...piece }] }))),
      chunk({}, finishReasons[finishReason]),
      event({ choices: [], usage: renderUsage(usage) }),
      event("[DONE]"),
    ];
  },
  failurePiece: (message) => event({ error: { message, code: 503 } }),
};

interface WireTool {
  readonly function: { readonly name: string; readonly description: string; readonly parameters: Record<string, never> };
}

interface WireCall {
  readonly id: string;
  readonly function: { readonly name: string; readonly arguments: string };
  readonly extra_content?: { readonly proof: string };
}

interface WireMessage {
  readonly role: Message["role"];
  readonly content: string | null | readonly WirePart[];
  readonly tool_calls?: readonly WireCall[];
  readonly tool_call_id?: string;
  readonly reasoning_details?: readonly { readonly data: string }[];
}

type WirePart =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "image_url"; readonly image_url: { readonly url: string } }
  | { readonly type: "input_audio"; readonly input_audio: { readonly data: string; readonly format: string } }
  | { readonly type: "file"; readonly file: { readonly file_data: string } };

const finishReasons: Readonly<Record<FinishReason, string>> = {
  ...{ stop: "stop", length: "length", "tool-calls": "tool_calls", "content-filter": "content_filter", other: "eos" },
};

function readMessage({ role, content, tool_calls: calls = [], tool_call_id: id = "", reasoning_details: details = [] }: WireMessage): Message {
  const texts: ContentPart[] = typeof content === "string" ? [{ type: "text", text: content }] : (content ?? []).map(readPart);
  if (role === "tool") return { role, content: [{ type: "tool-result", id, name: "", content: typeof content === "string" ? content : "" }] };
  return {
    role,
    content: [
      ...details.map(({ data }): ContentPart => ({ type: "reasoning", text: "", signature: data })),
      ...texts,
      ...calls.map(
        ({ id, function: { name, arguments: input }, extra_content: extra }): ContentPart => ({
          type: "tool-call",
          id,
          name,
          input,
          signature: extra?.proof,
        }),
      ),
    ],
  };
}

function readPart(part: WirePart): ContentPart {
  switch (part.type) {
    case "text":
      return part;
    case "image_url":
      return { type: "image", image: part.image_url.url.startsWith("data:") ? readData(part.image_url.url) : part.image_url };
    case "input_audio":
      return { type: "file", file: { mediaType: `audio/${part.input_audio.format}`, data: fromBase64(part.input_audio.data) } };
    case "file":
      return { type: "file", file: readData(part.file.file_data) };
  }
}

function readData(url: string): { readonly mediaType: string; readonly data: Uint8Array } {
  const [, mediaType = "", data = ""] = /^data:([^;]+);base64,(.*)$/.exec(url) ?? [];
  return { mediaType, data: fromBase64(data) };
}

function textsOf(parts: Reply["parts"]): object {
  const joined = (type: "text" | "reasoning"): string => parts.map((part) => (part.type === type ? part.text : "")).join("");
  return { content: joined("text"), ...(joined("reasoning") !== "" && { reasoning_content: joined("reasoning") }) };
}

function detailsOf(parts: Reply["parts"]): object {
  const proofs = parts.flatMap((part) => (part.type === "reasoning" ? (part.signature ?? []) : []));
  return proofs.length === 0 ? {} : { reasoning_details: proofs.map((data) => ({ type: "reasoning.encrypted", data })) };
}

function renderCall({ id, name, arguments: text, signature }: ReplyCall): object {
  return { id, type: "function", function: { name, arguments: text }, ...(signature !== undefined && { extra_content: { proof: signature } }) };
}

/** Name first, then the arguments in two halves. */
function piecesOf(call: ReplyCall): readonly object[] {
  const half = Math.ceil(call.arguments.length / 2);
  const more = [call.arguments.slice(0, half), call.arguments.slice(half)];
  return [renderCall({ ...call, arguments: "" }), ...more.map((text) => ({ function: { arguments: text } }))];
}

function renderUsage({ input, cacheRead, cacheWrite, output, reasoning }: Reply["usage"]): object {
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: { cached_tokens: cacheRead, cache_write_tokens: cacheWrite },
    completion_tokens_details: { reasoning_tokens: reasoning },
  };
}
