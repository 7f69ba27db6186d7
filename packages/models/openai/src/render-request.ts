import type { JsonSchema, ModelRequest } from "@codelet/core";
import { byTurns, withoutSystem } from "./message-order.ts";
import { openaiBaseURL, type ResolvedOptions } from "./openai-options.ts";
import { providerSchema, strictSchema, withoutPatterns } from "./provider-schema.ts";
import type { Refusal } from "./refusals.ts";
import { renderMessages, type WireMessage } from "./render-messages.ts";
import { withShortIds } from "./short-ids.ts";
import { toolsAsText } from "./tools-as-text.ts";

type Tool = NonNullable<ModelRequest["tools"]>[number];
type ResponseSchema = NonNullable<ModelRequest["responseSchema"]>;

/** No server takes more. */
const maxStops = 4;

/** The body of a chat completion, without what the server has refused. Fields that are undefined are not sent. */
export function renderRequest(
  request: ModelRequest,
  options: ResolvedOptions,
  mode: { readonly stream: boolean; readonly refused: ReadonlySet<Refusal> },
): Readonly<Record<string, unknown>> {
  const { stop = [], toolChoice, responseSchema } = request;
  const { refused } = mode;
  const tools = toolsOf(request, refused);
  return {
    temperature: options.temperature,
    // OpenAI's reasoning models refuse the old name; most other servers know only that.
    [options.baseURL === openaiBaseURL || refused.has("max_tokens") ? "max_completion_tokens" : "max_tokens"]: options.maxTokens,
    reasoning_effort: options.reasoningEffort,
    stream_options: mode.stream && !refused.has("stream_options") ? { include_usage: true } : undefined,
    ...options.parameters,
    model: options.modelId,
    messages: messagesOf(request, refused),
    stream: mode.stream,
    stop: !refused.has("stop") && stop.length > 0 ? stop.slice(0, maxStops) : undefined,
    tools: tools.length > 0 ? tools.map((tool) => renderTool(tool, refused)) : undefined,
    tool_choice: tools.length > 0 ? (toolChoice === "required" && refused.has("tool_choice") ? "auto" : toolChoice) : undefined,
    ...(responseSchema && !refused.has("response_format") && { response_format: renderResponseFormat(responseSchema, refused) }),
  };
}

/** Where a model can't be told not to call, it gets nothing to call. */
function toolsOf({ tools = [], toolChoice }: ModelRequest, refused: ReadonlySet<Refusal>): readonly Tool[] {
  return refused.has("tools") || (toolChoice === "none" && refused.has("no_calls")) ? [] : tools;
}

function messagesOf(request: ModelRequest, refused: ReadonlySet<Refusal>): readonly WireMessage[] {
  const { messages, tools = [] } = request;
  // Anthropic and Bedrock refuse calls in messages where there are no tools.
  const isWithout = tools.length > 0 && toolsOf(request, refused).length === 0;
  const described = refused.has("tools") ? tools : [];
  const asked = refused.has("tools") || isWithout ? toolsAsText(messages, described) : messages;
  const rendered = renderMessages(asked, { reasoning: refused.has("reasoning"), extras: !refused.has("extras") });
  const named = refused.has("ids") ? withShortIds(rendered) : rendered;
  const known = refused.has("system") ? withoutSystem(named) : named;
  return refused.has("turns") ? byTurns(known) : known;
}

function renderTool({ name, description, inputSchema }: Tool, refused: ReadonlySet<Refusal>): Readonly<Record<string, unknown>> {
  return { type: "function", function: { name, description, parameters: plainSchema(inputSchema, refused) } };
}

function renderResponseFormat({ name, schema }: ResponseSchema, refused: ReadonlySet<Refusal>): Readonly<Record<string, unknown>> {
  const plain = plainSchema(schema, refused);
  const strict = strictSchema(plain);
  return {
    type: "json_schema",
    json_schema: { name: name.replace(/[^\w-]/g, "_").slice(0, 64) || "answer", strict: strict !== undefined, schema: strict ?? plain },
  };
}

function plainSchema(schema: JsonSchema, refused: ReadonlySet<Refusal>): JsonSchema {
  const plain = providerSchema(schema);
  return refused.has("patterns") ? withoutPatterns(plain) : plain;
}
