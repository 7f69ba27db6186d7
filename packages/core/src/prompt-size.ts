import type { ContentPart, Message } from "./model.ts";

/** How a prompt is measured without its model's tokenizer. */
export interface PromptScale {
  readonly charactersPerToken: number;
  /** Of a picture or another file. */
  readonly tokensPerPicture: number;
}

/** Roles and separators of one message. */
const tokensPerMessage = 4;

/** About how many tokens the messages have. */
export function tokensOf(messages: readonly Message[], scale: PromptScale): number {
  let tokens = 0;
  for (const { content } of messages) {
    tokens += tokensPerMessage;
    if (typeof content === "string") tokens += content.length / scale.charactersPerToken;
    else for (const part of content) tokens += tokensOfPart(part, scale);
  }
  return tokens;
}

function tokensOfPart(part: ContentPart, { charactersPerToken, tokensPerPicture }: PromptScale): number {
  switch (part.type) {
    case "image":
    case "file":
      return tokensPerPicture;
    case "tool-call":
      return tokensPerMessage + (part.name.length + JSON.stringify(part.input).length) / charactersPerToken;
    case "tool-result":
      return tokensPerMessage + part.content.length / charactersPerToken;
    default:
      return part.text.length / charactersPerToken;
  }
}
