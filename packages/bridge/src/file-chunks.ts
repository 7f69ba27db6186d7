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
  for await (const part of content instanceof Uint8Array ? [content] : content)
    for (let start = 0; start < part.length; start += maxChunkBytes) {
      const chunk = part.subarray(start, start + maxChunkBytes);
      await write(at, chunk);
      at += chunk.length;
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
