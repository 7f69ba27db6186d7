import { isStatusError, saidIn, statusOf } from "./call-error.ts";

/**
 * What a server may refuse: a field, which is left out or said in another way from then on, or how the messages are. Of `tool_choice` it is the demand for a
 * call, and `no_calls` the demand for none. `patterns` are those of schemas, `extras` are another server's, `reasoning` is missing, `system` messages are not
 * known, `turns` have to follow one another in another way, `ids` of calls to be short.
 */
export type Refusal =
  | "stop"
  | "tool_choice"
  | "no_calls"
  | "response_format"
  | "stream_options"
  | "max_tokens"
  | "tools"
  | "extras"
  | "reasoning"
  | "turns"
  | "system"
  | "ids"
  | "patterns";

const refusal =
  /unsupported|unknown|unrecognized|unavailable|incompatible|not (be )?(supported|permitted|allowed|available)|(does not|doesn't) support|endpoints found that support/i;
/** Characters of what a server said: it may be hostile. */
const maxLookedAt = 10_000;
const fields = ["stop", "tool_choice", "response_format", "stream_options", "max_tokens"] as const;

const toolUse = "(?<!\\w|parallel )(?:tools?(?:[ _](?:use|calls?|calling))?|function[ _]call(?:s|ing)?)\\b";
/** In the words of Ollama, llama.cpp, vLLM, OpenRouter, LiteLLM, Groq, Google, Mistral, DeepSeek, Z.ai, Alibaba, and of the templates of Gemma's, Llama's and Mistral's models. */
const signs: readonly (readonly [Refusal, RegExp])[] = [
  [
    "tools",
    new RegExp(
      `${toolUse}\\W*(?:is |are |param )?not (?:fully )?(?:supported|enabled|available)|support (?:param\\w*:? [[{][^\\]}]*)?\\W?${toolUse}|unsupported param\\w*: \\W?tools\\b|tools param requires|cannot use tools with|requires --enable-auto-tool-choice`,
      "i",
    ),
  ],
  ["tool_choice", /tool[ _]choice\b.{0,60} (?:must|should) be|only .{0,20}tool[ _]choice\b.{0,20} supported/is],
  ["response_format", /response_format\b.{0,40} not one of|support response format/is],
  ["reasoning", /reasoning_content\b.*(?:missing|passed back)|missing .{0,5}reasoning_content/is],
  ["turns", /roles? must alternate|should alternate with|unexpected role/i],
  ["patterns", /lookaround|failed to parse grammar|pattern must start with/i],
  ["ids", /tool call id .{0,200}length of 9/is],
  ["system", /system role|developer instruction|only user and assistant roles|roles? must alternate/i],
];

/** For what a server refused the request, the likeliest first. A wrong guess costs one more request. */
export function refusalsIn(thrown: unknown): readonly Refusal[] {
  // llama.cpp answers 500 to what it can't do, OpenRouter 404 where no provider can, and LM Studio 200 with an error that has no status.
  if (!isStatusError(thrown) || ![400, 404, 422, 500, undefined].includes(statusOf(thrown))) return [];
  const said = saidIn(thrown).slice(0, maxLookedAt);
  if (/invalid schema/i.test(said)) return []; // of one request, whose author it has to reach
  const named = refusal.test(said) ? fields.filter((field) => new RegExp(`\\b${field}\\b`).test(said)) : [];
  const extras = refusal.test(said) && /\b(?:extra_content|reasoning_details)\b/.test(said) ? (["extras"] as const) : [];
  const found = [...named, ...extras, ...signs.flatMap(([each, pattern]) => (pattern.test(said) ? [each] : []))];
  return found.flatMap((each) => (each === "tool_choice" ? [each, "no_calls"] : [each])); // the body tells which
}

/** Whether a body has what is refused. Of `tool_choice` every server with tools knows "auto". */
export function isConcerned(refused: Refusal, body: Readonly<Record<string, unknown>>): boolean {
  if (refused === "tool_choice") return body.tool_choice === "required";
  if (refused === "no_calls") return body.tool_choice === "none";
  return refused === "tools" || isField(refused) ? body[refused] !== undefined : true;
}

function isField(refused: Refusal): refused is (typeof fields)[number] {
  return (fields as readonly Refusal[]).includes(refused);
}
