import { engineError, refused } from "./engine.ts";

interface Progress {
  readonly stream?: string;
  readonly status?: string;
  readonly id?: string;
  readonly progress?: string;
  readonly error?: string;
}

/** Hears an engine's account of a long job to its end: errors come in it, after a status of 200. Rejects with `configuration`; `doing` completes "Docker could not". */
export async function followJob(job: Promise<NodeJS.ReadableStream>, doing: string, onProgress: (message: string) => void): Promise<void> {
  const account = await job.catch(refused(doing));
  let last = "";
  try {
    for await (const line of linesOf(account)) {
      const { stream, status, id, progress = "", error } = readProgress(line);
      if (error !== undefined) throw new Error(`${error} (last: ${last})`);
      const message = (stream ?? [id, status, progress].filter(Boolean).join(" ")).trim().split("\n").at(-1) ?? "";
      if (message !== "" && message !== last) onProgress(message);
      last = message;
    }
  } catch (error) {
    throw engineError(error, doing);
  }
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
