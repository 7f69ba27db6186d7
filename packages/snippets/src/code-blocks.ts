/** One fenced code block of a Markdown file. */
export interface CodeBlock {
  /** The fence's first word, in lower case: `ts`. Empty when there is none. */
  readonly language: string;
  /** The fence's other words: `run`. */
  readonly tags: readonly string[];
  /** Line of the opening fence, counted from 1. */
  readonly line: number;
  readonly code: string;
}

/**
 * Finds the fenced blocks of a Markdown text, by CommonMark's rules: a fence is closed by the same character, at least as often, and its
 * own indentation is taken off its lines. Throws for a block that is never closed, since everything after it would go unchecked.
 */
export function codeBlocks(markdown: string): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  let open: { fence: string; indentation: string; info: string[]; line: number; code: string[] } | undefined;
  for (const [index, text] of markdown.split(/\r?\n/).entries()) {
    if (open === undefined) {
      const start = /^([ \t]*)(?:[-*] |\d+\. )?(`{3,}|~{3,})([^`]*)$/.exec(text);
      if (start) open = { fence: start[2] ?? "", indentation: start[1] ?? "", info: (start[3] ?? "").trim().split(/\s+/), line: index + 1, code: [] };
    } else if (isClosing(text, open.fence)) {
      const [language = "", ...tags] = open.info;
      blocks.push({ language: language.toLowerCase(), tags, line: open.line, code: `${open.code.join("\n")}\n` });
      open = undefined;
    } else {
      open.code.push(text.startsWith(open.indentation) ? text.slice(open.indentation.length) : text);
    }
  }
  if (open) throw new Error(`The code block that starts at line ${open.line} is never closed`);
  return blocks;
}

/** Whether this block is TypeScript that a reader may copy, and so has to compile. */
export function isTypeScript(block: CodeBlock): boolean {
  return block.language === "ts" || block.language === "typescript";
}

function isClosing(text: string, fence: string): boolean {
  const line = text.trim();
  return line.length >= fence.length && line === (fence[0] ?? "").repeat(line.length);
}
