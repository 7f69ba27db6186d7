/** How code stands in the model's text. */
export interface CodeTags {
  readonly open: string;
  readonly close: string;
}

export const codeTags: CodeTags = { open: "<code>", close: "</code>" };

export type Language = "python" | "javascript";

/** Fenced blocks; the prompt then asks for them instead of tags. */
export function markdownTags(language: Language): CodeTags {
  return { open: `\`\`\`${language}`, close: "```" };
}

export interface ParsedAction {
  readonly thought: string;
  readonly code: string;
}

/** The text with its last block closed: a stop sequence cuts the closing tag off. */
export function closeCode(text: string, { open, close }: CodeTags): string {
  const at = text.lastIndexOf(`${open}\n`);
  return at < 0 || text.includes(close, at + open.length) ? text : `${text.trimEnd()}\n${close}`;
}

/** What could mean more than its letters: marks, labels, prompts, and white space that is none in a program. */
const doubtful = /<[A-Za-z|｜/]|`|~~~|\[\/?[A-Z]{3}|[◁\u00A0\u200B\u2060\uFEFF]|^(?:[aA]nalysis|\**[oO]bservation|\**[tT]hought|[cC]ode:|>>>)/m;

/** The action of a text in just the form that was asked for. Any other text is one for `parseCode`. */
export function plainAction(text: string, tags: CodeTags): ParsedAction | undefined {
  const [before = "", block = "", ...more] = `\n${closeCode(text, tags).trimEnd()}`.split(`\n${tags.open}\n`);
  const thought = before.trim().replace(/^thought:\s*/i, "");
  const code = block.slice(0, -tags.close.length).trimEnd();
  const isPlain =
    more.length === 0 && block.endsWith(`\n${tags.close}`) && /^[^\s{].*[^\w\s]/.test(code) && !doubtful.test(thought) && !doubtful.test(code);
  return isPlain ? { thought, code } : undefined;
}
