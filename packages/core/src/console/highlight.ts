import type { Colour } from "./palette.ts";

/** The languages of programs that agents write. */
export type Language = "python" | "javascript";

/** A part of a program in one colour. */
export interface Span {
  readonly text: string;
  readonly colour?: Colour | undefined;
}

/** Characters above which a program stays uncoloured: its author may be hostile, and patterns do the work. */
const maxHighlighted = 20_000;

interface Grammar {
  /** Its groups say what a match is; what it doesn't match stays as it is. */
  readonly pattern: RegExp;
  readonly keywords: ReadonlySet<string>;
  readonly builtIns: ReadonlySet<string>;
  /** Keywords that a name follows. */
  readonly definitions: ReadonlySet<string>;
}

const grammars: Readonly<Record<Language, Grammar>> = {
  python: {
    pattern: anyOf(
      /(?<comment>#[^\n]*)/u,
      /(?<string>(?:\b[rRbBfFuUtT]{1,2})?(?:"""(?:\\[\s\S]|[^\\])*?(?:"""|(?![\s\S]))|'''(?:\\[\s\S]|[^\\])*?(?:'''|(?![\s\S]))|"(?:\\[\s\S]|[^"\\\n])*"?|'(?:\\[\s\S]|[^'\\\n])*'?))/u,
      /(?<meta>^ *@[\w.]+)/u,
      /(?<number>\b\d[\w.]*)/u,
      /(?<word>[\p{L}_][\p{L}\p{N}_]*)/u,
    ),
    keywords: words(
      "False None True and as assert async await break case class continue def del elif else except finally for from global if import in is lambda match nonlocal not or pass raise return try while with yield",
    ),
    builtIns: words(
      "abs all any bool bytes dict enumerate filter float int isinstance len list map max min next object open print range repr reversed round set sorted str sum super tuple type zip",
    ),
    definitions: words("def class"),
  },
  javascript: {
    pattern: anyOf(
      /(?<comment>\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|(?![\s\S])))/u,
      /(?<string>"(?:\\[\s\S]|[^"\\\n])*"?|'(?:\\[\s\S]|[^'\\\n])*'?|`(?:\\[\s\S]|[^`\\])*`?)/u,
      /(?<number>\b\d[\w.]*)/u,
      /(?<word>[\p{L}_$][\p{L}\p{N}_$]*)/u,
    ),
    keywords: words(
      "as async await break case catch class const continue default delete do else export extends false finally for from function if import in instanceof interface let new null of return static super switch this throw true try type typeof undefined var void while yield",
    ),
    builtIns: words("Array Boolean Date Error JSON Map Math Number Object Promise RegExp Set String Symbol console"),
    definitions: words("function class interface type"),
  },
};

/** A program in coloured parts, which together are the program. */
export function highlight(code: string, language: Language): readonly Span[] {
  if (code.length > maxHighlighted) return [{ text: code }];
  const grammar = grammars[language];
  const spans: Span[] = [];
  let end = 0;
  let lastWord = "";
  for (const match of code.matchAll(grammar.pattern)) {
    const [text] = match;
    if (match.index > end) spans.push({ text: code.slice(end, match.index) });
    end = match.index + text.length;
    spans.push({ text, colour: colourOf(match.groups ?? {}, lastWord, grammar) });
    if (match.groups?.word !== undefined) lastWord = text;
  }
  return [...spans, { text: code.slice(end) }];
}

function colourOf({ comment, string, meta, number, word }: Readonly<Record<string, string>>, lastWord: string, grammar: Grammar): Colour | undefined {
  if (comment !== undefined) return "dim";
  if (string !== undefined) return "green";
  if (meta !== undefined) return "blue";
  if (number !== undefined) return "yellow";
  if (word === undefined) return undefined;
  if (grammar.keywords.has(word)) return "magenta";
  if (grammar.definitions.has(lastWord)) return "blue";
  return grammar.builtIns.has(word) ? "cyan" : undefined;
}

function anyOf(...patterns: readonly RegExp[]): RegExp {
  return new RegExp(patterns.map(({ source }) => source).join("|"), "gmu");
}

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(" "));
}
