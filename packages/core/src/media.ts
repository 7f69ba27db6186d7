import { ConfigurationError, describeThrown } from "./errors.ts";
import type { ContentPart } from "./model.ts";
import { isMedia, type Media } from "./value.ts";

/** A picture, sound, video or document: bytes, a Blob, media with its type, a URL (http, data, file), or in Node a path: never pass on a string of a stranger. */
export type MediaInput = Media | Uint8Array | Blob | URL | string;

/** A picture as tools return and take it; a PIL image in Python. */
export type AgentImage = Media & { readonly mediaType: `image/${string}` };
/** A sound as tools return and take it. */
export type AgentAudio = Media & { readonly mediaType: `audio/${string}` };

/** Media as part of a message. */
export type Attachment = Extract<ContentPart, { readonly type: "image" | "file" }>;

/** The first bytes of formats that models take, as hexadecimal digits; a dot stands for any. */
const signatures: readonly (readonly [string, RegExp])[] = [
  ["image/png", /^89504e470d0a1a0a/],
  ["image/jpeg", /^ffd8ff/],
  ["image/gif", /^47494638/],
  ["image/webp", /^52494646.{8}57454250/],
  ["audio/wav", /^52494646.{8}57415645/],
  ["audio/mpeg", /^(?:494433|fff[23b])/],
  ["audio/ogg", /^4f676753/],
  ["audio/flac", /^664c6143/],
  ["video/webm", /^1a45dfa3/],
  ["image/avif", /^.{8}66747970617669(?:66|73)/],
  ["image/heic", /^.{8}66747970(?:686569|6d696631)/], // a photo of a phone's
  ["audio/mp4", /^.{8}667479704d34(?:41|42)/],
  ["video/mp4", /^.{8}66747970/],
  ["application/pdf", /^255044462d/],
];

/** Media as part of a message. Rejects with `configuration` when it can't be read or its type isn't known. */
export async function toAttachment(input: MediaInput): Promise<Attachment> {
  if (typeof input === "string" || input instanceof URL) {
    const url = String(input);
    if (/^https?:/i.test(url))
      return /\.(?:mp3|wav|ogg|flac|m4a|mp4|webm|mov|pdf)(?:[?#]|$)/i.test(url) ? { type: "file", file: { url } } : { type: "image", image: { url } };
  }
  const media = await toMedia(input);
  return media.mediaType.startsWith("image/") ? { type: "image", image: media } : { type: "file", file: media };
}

async function toMedia(input: MediaInput): Promise<Media> {
  if (isMedia(input)) return input;
  if (input instanceof Uint8Array) return { mediaType: sniff(input), data: input };
  if (input instanceof Blob) {
    const data = new Uint8Array(await input.arrayBuffer());
    return { mediaType: input.type || sniff(data), data };
  }
  if (typeof input !== "string" && !(input instanceof URL))
    throw new TypeError(
      `Expected a picture or another file to be bytes, a Blob, a URL, a path or { mediaType, data } with bytes as data, got \`${String(input)}\``,
    );
  const where = String(input);
  try {
    if (/^data:/i.test(where)) return await toMedia(await (await fetch(where)).blob());
    return await toMedia(await readPath(/^file:/i.test(where) ? new URL(where) : where));
  } catch (error) {
    if (error instanceof ConfigurationError) throw error;
    throw new ConfigurationError(`The file ${where.slice(0, 200)} can't be read: ${describeThrown(error).message}`, { cause: error });
  }
}

interface Files {
  readFile(path: string | URL): Promise<Uint8Array>;
}

/** Node's files, where there are any: this package runs in browsers too. */
async function readPath(path: string | URL): Promise<Uint8Array> {
  const { process } = globalThis as { readonly process?: { getBuiltinModule?(name: string): Files | undefined } };
  const files = process?.getBuiltinModule?.("fs/promises");
  if (files === undefined) throw new ConfigurationError("Paths can be read in Node only: pass bytes or a URL.");
  return new Uint8Array(await files.readFile(path));
}

function sniff(data: Uint8Array): string {
  const head = Array.from(data.subarray(0, 16), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const known = signatures.find(([, start]) => start.test(head));
  if (known === undefined) throw new ConfigurationError("The type of these bytes isn't known: pass `{ mediaType, data }`.");
  return known[0];
}
