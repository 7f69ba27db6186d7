import { stripVTControlCharacters } from "node:util";
import { complaintAfter } from "@codelet/bridge";
import { engineError } from "./engine.ts";

interface Progress {
  readonly stream?: string;
  readonly status?: string;
  readonly id?: string;
  readonly progress?: string;
  readonly error?: string;
}

export interface JobMeaning {
  /** Completes "Docker could not". */
  readonly doing: string;
  /** What to do when the engine refuses it, as a sentence without its full stop. */
  readonly advice?: string | undefined;
}

/** Hears an engine's account of a long job to its end: errors come in it, after a status of 200. Rejects with `configuration`. */
export async function followJob(
  job: Promise<NodeJS.ReadableStream>,
  { doing, advice }: JobMeaning,
  onProgress: (message: string) => void,
): Promise<void> {
  let complaint = "";
  let last = "";
  try {
    for await (const line of linesOf(await job)) {
      const { stream, status, id, progress = "", error } = readProgress(line);
      if (error !== undefined) {
        const [failure] = shownLines(String(error));
        throw new Error(complaint === "" ? failure : `${complaint} (${failure})`);
      }
      if (stream !== undefined) complaint = complaintOf(complaint, shownLines(stream));
      const [message = ""] = shownLines(stream ?? [id, status, progress].filter(Boolean).join(" ")).slice(-1);
      if (message !== "" && message !== last) onProgress(message);
      last = message;
    }
  } catch (error) {
    throw engineError(error, doing, advice);
  }
}

/** What the program of a build's step said that counts. */
function complaintOf(before: string, lines: readonly string[]): string {
  let complaint = before;
  for (const line of lines) {
    const isOfBuilder = /^(?:-+>|Removing intermediate container )/.test(line);
    if (/^step \d/i.test(line)) complaint = "";
    else if (!isOfBuilder) complaint = complaintAfter(complaint, line);
  }
  return complaint;
}

/** The builder writes in colour. */
function shownLines(text: string): readonly string[] {
  return stripVTControlCharacters(text)
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
}

async function* linesOf(account: NodeJS.ReadableStream): AsyncGenerator<string> {
  let rest = "";
  for await (const text of account.setEncoding("utf8")) {
    const lines = `${rest}${text}`.split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  yield rest;
}

/** What is no JSON is no engine's: it is told as an error. */
function readProgress(line: string): Progress {
  if (line.trim() === "") return {};
  try {
    return Object(JSON.parse(line));
  } catch {
    return { error: line };
  }
}
