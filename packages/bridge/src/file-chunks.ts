import { ValueError } from "@codelet/core";

const maxChunkBytes = 1 << 20;

/** Throws ValueError for what is no path below the work folder. */
export function checkFilePath(path: string): void {
  const isBelow = typeof path === "string" && path !== "" && !path.includes("\0") && path.split("/").every((part) => !["", ".", ".."].includes(part));
  if (!isBelow) throw new ValueError(`Expected \`path\` to be one below the work folder, such as "data/table.csv", got \`${String(path)}\``);
}

export interface FileChunk {
  readonly data: Uint8Array;
  /** Whether the file ends with it. */
  readonly isEnd: boolean;
}

/** Writes the content in pieces that fit a frame, at least one. */
export async function writeChunks(
  content: Uint8Array | AsyncIterable<Uint8Array>,
  write: (at: number, chunk: Uint8Array) => Promise<unknown>,
): Promise<void> {
  let at = 0;
  for await (const part of partsOf(content)) {
    if (!(part instanceof Uint8Array)) throw unexpectedContent(`a part that is ${kindOf(part)}`);
    for (let start = 0; start < part.length; start += maxChunkBytes) {
      const chunk = part.subarray(start, start + maxChunkBytes);
      await write(at, chunk);
      at += chunk.length;
    }
  }
  if (at === 0) await write(0, new Uint8Array());
}

/** Reads piece after piece to the end of the file. */
export async function* readChunks(read: (at: number) => Promise<FileChunk>): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; ; ) {
    const { data, isEnd } = await read(at);
    if (data.length > 0) yield data;
    at += data.length;
    if (isEnd) return;
  }
}

/** Text would have to be told its encoding, and other arrays their byte order. */
function partsOf(content: unknown): Iterable<unknown> | AsyncIterable<unknown> {
  if (content instanceof Uint8Array) return [content];
  if (typeof content === "object" && content !== null && (Symbol.asyncIterator in content || Symbol.iterator in content))
    return content as AsyncIterable<unknown>;
  throw unexpectedContent(kindOf(content));
}

function unexpectedContent(got: string): TypeError {
  return new TypeError(`Expected the file's content to be a Uint8Array, or a stream of them, got ${got}`);
}

function kindOf(value: unknown): string {
  return typeof value === "object" && value !== null ? (value.constructor?.name ?? "an object") : typeof value;
}
