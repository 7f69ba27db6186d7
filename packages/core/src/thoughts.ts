import { type CodeTags, codeTags } from "./code-tags.ts";

const escaped = (tag: string): string => tag.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
const always = "(?:seed:)?think(?:ing)?";
const asked = "thoughts?|reasoning|reflection|scratchpad|analysis";
const lineStart = "^[ \\t\\uFEFF]*";
const textEnd = "(?![\\s\\S])";
const opening = `${lineStart}(?:<${always}(?:\\s[^<>\\n]*)?>|<\\|(?:begin_of_thought|START_THINKING)\\|>|\\[THINK\\]|◁think▷)`;
/** Programs that read such texts have the mark in quotes. */
const closing = `(?:</${always}>|<\\|(?:end_of_thought|END_THINKING)\\|>|\\[/THINK\\]|◁/think▷)(?!['"\`|)\\\\])`;
const thinking = `${opening}[\\s\\S]*?(?:${closing}|(?<endless>${textEnd}))`;

/** A mark that closes what none has opened: some servers take that away. */
const loneClosing = new RegExp(`${thinking}|(?<lone>(?<!<${always}>[^\\n]{0,200})${closing})(?=[ \\t]*(?:[\\r\\n<]|Thought|${textEnd}))`, "gim");

/** What a turn consists of, besides text: blocks, thoughts and heads of channels. */
const partsOf = ({ open, close }: CodeTags): RegExp =>
  new RegExp(
    [
      `(?<block>${lineStart}(?:(?:<code>|${escaped(open)})[\\s\\S]*?(?:(?:</code>|${escaped(close)})(?!["'\`<\\\\])|${textEnd})|(?:\`\`\`|~~~)[^\`\\r\\n\\u2028\\u2029]*\\r?\\n[\\s\\S]*?(?:^[ \\t]*(?:\`\`\`|~~~)|${textEnd})))`,
      thinking,
      `${lineStart}<(?<name>${asked})>(?:(?!<(?:${asked})>)[\\s\\S])*?</\\k<name>>`,
      `(?:<\\|start\\|>assistant)?<\\|channel\\|>analysis<\\|message\\|>[\\s\\S]*?(?:<\\|end\\|>|(?=<\\|start\\|>)|${textEnd})`,
      "(?<![\\s\\S])analysis(?=[A-Z])[\\s\\S]*?assistantfinal",
      "(?<head><\\|(?:start|im_start|start_header_id)\\|>assistant(?:<\\|end_header_id\\|>)?|<\\|channel\\|>(?:final|commentary)<\\|message\\|>)",
    ].join("|"),
    "gim",
  );

/**
 * What a model says, without what it only thinks: servers leave marks such as `<think>` and the channels of gpt-oss in its text, also without the mark that
 * opens them. Marks within a block are the program's. Thoughts that nothing ends are all that there is, up to a block between `<code>` tags: many a model
 * forgets the mark.
 */
export function withoutThoughts(text: string, tags: CodeTags = codeTags): string {
  const lone = [...text.matchAll(loneClosing)].find(({ groups }) => groups?.lone !== undefined);
  const said = lone === undefined ? text : text.slice(lone.index + lone[0].length);
  return said.replaceAll(partsOf(tags), (...match) => {
    const { block, head, endless } = match.at(-1) as Readonly<Record<string, string | undefined>>;
    if (endless !== undefined) return /^[ \t]*<code>[\s\S]*/m.exec(match[0] as string)?.[0] ?? "";
    return block ?? (head === undefined ? "" : "\n");
  });
}
