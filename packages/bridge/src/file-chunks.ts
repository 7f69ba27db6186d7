import { ValueError } from "@codelet/core";

const maxChunkBytes = 1 << 20;

/** Throws ValueError for what is no path below the work folder. */
export function checkFilePath(path: string): void {
  const isBelow = typeof path === "string" && path !== "" && !path.includes("\0") && path.split("/").every((part) => !["", ".", ".."].includes(part));
  if (!isBelow) throw new ValueError(`Expected \`path\` to be one below the work folder, such as "data/table.csv", got \`${String(path)}\``);
}

/** The content in pieces that fit a frame. */
export async function* chunksOf(content: Uint8Array | AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const part of content instanceof Uint8Array ? [content] : content)
    for (let start = 0; start < part.length; start += maxChunkBytes) yield part.subarray(start, start + maxChunkBytes);
}
