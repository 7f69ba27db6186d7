import { type Colour, colourPaint } from "./palette.ts";

/** A program with terminal colours. */
export type Highlight = (code: string) => string;

/** Characters above which a program stays uncoloured: its author may be hostile, and grammars are regular expressions. */
const maxHighlighted = 20_000;

const colours: Readonly<Record<string, Colour>> = {
  "hljs-keyword": "magenta",
  "hljs-literal": "magenta",
  "hljs-string": "green",
  "hljs-regexp": "green",
  "hljs-number": "yellow",
  "hljs-comment": "dim",
  "hljs-built_in": "cyan",
  "hljs-title": "blue",
  "hljs-meta": "blue",
};

/** Loads the highlighter of one language, and nothing of the others. */
export async function loadHighlight(language: "python" | "javascript"): Promise<Highlight> {
  const [{ default: highlighter }, { default: grammar }] = await Promise.all([import("highlight.js/lib/core"), loadGrammar(language)]);
  highlighter.registerLanguage(language, grammar);
  return (code) => (code.length > maxHighlighted ? code : toColours(highlighter.highlight(code, { language, ignoreIllegals: true }).value));
}

function loadGrammar(language: "python" | "javascript"): Promise<typeof import("highlight.js/lib/languages/python")> {
  return language === "python" ? import("highlight.js/lib/languages/python") : import("highlight.js/lib/languages/javascript");
}

const entities: Readonly<Record<string, string>> = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#x27;": "'" };

/** highlight.js writes nothing but spans and these five entities. The innermost span that has a colour wins. */
function toColours(html: string): string {
  const open: (Colour | undefined)[] = [];
  return html
    .split(/(<[^>]*>)/)
    .map((part) => {
      if (part === "</span>") open.pop();
      else if (part.startsWith("<")) open.push(colourOf(part) ?? open.at(-1));
      else return paintPart(part, open.at(-1));
      return "";
    })
    .join("");
}

function colourOf(tag: string): Colour | undefined {
  const [name = ""] = /hljs-[\w-]+/.exec(tag) ?? [];
  return colours[name];
}

function paintPart(part: string, colour: Colour | undefined): string {
  const text = part.replaceAll(/&[#\w]+;/g, (entity) => entities[entity] ?? entity);
  return colour === undefined ? text : colourPaint(colour, text);
}
