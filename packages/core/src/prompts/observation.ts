import type { Language } from "../code-tags.ts";
import type { CodeErrorInfo, Execution } from "../executor.ts";
import type { Attachment } from "../media.ts";
import type { StepError } from "../memory.ts";
import { type Message, textOf } from "../model.ts";
import { plainValue } from "../plain-value.ts";
import { isMedia, pythonType, type Value } from "../value.ts";

const retryHint = (what: string): string =>
  `Now retry: read the error, change ${what}, and don't repeat it. If several tries failed, try a completely different way.`;

/** What the model is shown of a finished program. */
export function renderExecution({ logs, value, valueText, outputs, finalAnswer, error, stateLost }: Execution, maxCharacters: number): string {
  const parts = ["Observation:"];
  if (logs !== "") parts.push(`Execution logs:\n${quoted(logs.trimEnd())}`);
  const shown = valueText ?? showValue(value);
  const displayed = outputs.map((output) => output["text/plain"] ?? `<${Object.keys(output).join(", ")}>`).filter((text) => text !== shown);
  if (displayed.length > 0) parts.push(`Displayed to the user:\n${quoted(displayed.join("\n"))}`);
  if (error === undefined && shown !== "") parts.push(`Last output from code snippet:\n${quoted(shown)}`);
  // What was computed for it is in no text of the model's: the next task may ask about it, and whoever refused it says why.
  if (finalAnswer !== undefined) parts.push(`Answer given:\n${quoted(showValue(finalAnswer.value))}`.trimEnd());
  if (error !== undefined) parts.push(`Error:\n${quoted(showError(error))}`);
  if (stateLost) parts.push("The interpreter was restarted: all variables, functions and imports are gone. Define again what you need.");
  if (error !== undefined && error.name !== "AbortError") parts.push(retryHint("the program"));
  if (parts.length === 1) parts.push("The program ran and printed nothing.");
  return forModel(parts.join("\n"), maxCharacters);
}

/** A program that was stopped has the traceback of the interrupt, which doesn't say why. */
function showError({ name, message, traceback = "" }: CodeErrorInfo): string {
  const said = `${name}: ${message}`;
  return traceback.includes(name) ? traceback : `${traceback}\n${said}`.trim();
}

/** Whether models that see take it: for any other kind a provider refuses the whole prompt. */
export function isPicture(mediaType: string): boolean {
  return /^image\/(png|jpe?g|gif|webp)$/.test(mediaType);
}

/** The pictures among what a program displayed, for models that see. */
export function picturesOf(outputs: Execution["outputs"]): Attachment[] {
  return outputs.flatMap((output) => {
    const [type] = Object.keys(output).filter(isPicture);
    if (type === undefined) return [];
    return [{ type: "image", image: { mediaType: type, data: Uint8Array.from(atob(output[type] as string), (byte) => byte.charCodeAt(0)) } }];
  });
}

/** The text of messages, for somebody else to read. */
export function textOfMessages(messages: readonly Message[]): string {
  return messages.map(({ content }) => (typeof content === "string" ? content : textOf(content))).join("\n---\n");
}

/** What the model is shown of an error that isn't its program's; `before` is what its program showed. */
export function renderProblem({ code, message }: StepError, before: string, maxCharacters: number): string {
  const hint = code === "model-output" ? [retryHint("your answer")] : [];
  return forModel([before || "Observation:", `Error:\n${quoted(message)}`, ...hint].join("\n"), maxCharacters);
}

/** Lines by which the kernel says what follows, and who says it; also behind signs that nobody sees. */
const headings =
  /^(?=(?:(?![\r\n\u2028\u2029])[\s\p{Cc}\p{Cf}])*(?:new task|observation|execution logs|displayed to the user|last output from code snippet|answer given|what was done before, in short):)/iu;
const everyHeading = new RegExp(headings, "gimu");

/** A text of somebody else's with none of its lines like one of the kernel's. */
export function quoted(text: string): string {
  return text.replaceAll(everyHeading, "> ");
}

/** By these marks chat templates tell who speaks; many servers don't tell those of a message's text from their own. */
const roleMarks =
  /<(?=[|｜]\/?[\w▁]{1,40}[|｜]?>|[\w▁]{1,40}[|｜]>|(?:start|end)_of_turn>)|\[(?=\/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS)\])/g;

/** What a program, a tool or a user said, for the model: well-formed, and so long at most. It can't speak as somebody else. */
export function forModel(text: string, maxCharacters: number = Number.POSITIVE_INFINITY): string {
  return cutMiddle(text, maxCharacters).toWellFormed().replaceAll(roleMarks, "$& ");
}

/** Keeps head and tail of a long text, and says in the middle what is missing. */
function cutMiddle(text: string, maxCharacters: number): string {
  if (text.length <= maxCharacters) return text;
  const half = Math.floor(maxCharacters / 2);
  return `${headOf(text, half)}\n[… ${text.length - 2 * half} characters left out: print less, or compute on the data …]\n${tailOf(text, half)}`;
}

/** So many characters of the beginning; half a sign is none. */
export function headOf(text: string, maxCharacters: number): string {
  return text.slice(0, maxCharacters).replace(/[\uD800-\uDBFF]$/, "");
}

/** So many characters of the end, to stand on a line of its own; half a sign is none. */
export function tailOf(text: string, maxCharacters: number): string {
  const tail = maxCharacters === 0 ? "" : text.slice(-maxCharacters).replace(/^[\uDC00-\uDFFF]/, "");
  return tail.replace(headings, "> "); // the cut may have made a line of what was within one
}

/** A value for the model: JSON-like, without bytes. `null` shows as nothing, as in Python. */
export function showValue(value: Value): string {
  if (value === null) return "";
  if (typeof value === "string") return value;
  return (
    JSON.stringify(plainValue(value), (_, item: unknown) => {
      if (typeof item === "bigint" || (typeof item === "number" && !Number.isFinite(item))) return String(item);
      if (item instanceof Uint8Array) return `<${item.length} bytes>`;
      if (isMedia(item)) return `<${item.mediaType}>`;
      if (typeof item === "object" && item !== null && pythonType in item) return (item as { repr?: string }).repr;
      return item;
    }) ?? ""
  );
}

/** The name of a value's type in the language of the code, with its length. */
export function typeName(value: Value, language: Language): string {
  const names = language === "python" ? pythonNames : javascriptNames;
  if (value === null) return names.null;
  if (Array.isArray(value)) return `${names.array} of ${value.length}`;
  if (value instanceof Uint8Array) return `bytes of ${value.length}`;
  if (isMedia(value)) return `image ${value.mediaType}`;
  if (typeof value === "object") return pythonType in value ? String(value[pythonType]) : `${names.object} with ${Object.keys(value).length} keys`;
  if (typeof value === "string") return `${names.string} of ${value.length}`;
  if (typeof value === "boolean") return names.boolean;
  return typeof value === "bigint" || Number.isInteger(value) ? names.integer : names.number;
}

const javascriptNames = { null: "null", array: "array", object: "object", string: "string", boolean: "boolean", integer: "number", number: "number" };
const pythonNames: typeof javascriptNames = {
  null: "None",
  array: "list",
  object: "dict",
  string: "str",
  boolean: "bool",
  integer: "int",
  number: "float",
};
