import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { crc32, zstdCompress, zstdDecompress } from "node:zlib";
import { ConfigurationError, ExecutorCrashedError, type Json, ProtocolError } from "@codelet/core";
import type { Image } from "./image.ts";
import type { OpenFile } from "./sandbox/checkpoint.ts";
import { pageBytes } from "./sandbox/delta.ts";
import type { SandboxLimits } from "./sandbox-process.ts";

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

/** What a new process needs to go on from a checkpoint. */
export interface CheckpointFiles {
  readonly memory: Uint8Array;
  readonly files: Uint8Array;
  readonly openFiles: readonly OpenFile[];
  /** What the process's clock showed, which counts from its start. */
  readonly clockMs: number;
}

interface Saved {
  readonly image: string;
  readonly memory: string;
  readonly files: string;
  /** Of memory and files as they were: Node 22 unpacks what was cut off without a word. */
  readonly checksum: number;
  readonly openFiles: readonly OpenFile[];
  readonly clockMs: number;
}

interface Header {
  readonly memory: number;
  readonly files: number;
  readonly openFiles: readonly OpenFile[];
  readonly clockMs: number;
}

/** A checkpoint as plain data: what differs from the image, about 1 MB and what the code holds. Only the same image can restore it. */
export async function encodeCheckpoint(image: Image, payload: Uint8Array): Promise<Json> {
  const { header, memory, files } = takeApart(Buffer.from(payload.buffer, payload.byteOffset, payload.length));
  const base = await readFile(join(image.folder, "snapshot.bin"));
  if (String(crc32(base)) !== image.checksum) throw new ExecutorCrashedError("The image of the session was replaced: its state can't be saved.");
  const delta = makeDelta(base, memory);
  const [packedMemory, packedFiles] = await Promise.all([compress(delta), compress(files)]);
  return {
    image: image.checksum,
    memory: packedMemory.toString("base64"),
    files: packedFiles.toString("base64"),
    checksum: crc32(files, crc32(delta)),
    openFiles: header.openFiles.map((file) => ({ ...file })),
    clockMs: header.clockMs,
  };
}

/** Rejects with `configuration` for what isn't a checkpoint of this image, or is damaged. */
export async function decodeCheckpoint(image: Image, data: Json, limits: SandboxLimits): Promise<CheckpointFiles> {
  const saved = checkSaved(data);
  if (saved.image !== image.checksum) {
    throw new ConfigurationError(
      "The state to restore belongs to another image of the wasm executor: its version, packages or cache folder have changed since.",
    );
  }
  try {
    const unpack = (text: string): Promise<Buffer> =>
      decompress(Buffer.from(text, "base64"), { maxOutputLength: 2 * (limits.memoryLimitBytes + limits.diskLimitBytes) });
    const [memory, files] = await Promise.all([unpack(saved.memory), unpack(saved.files)]);
    if (crc32(files, crc32(memory)) !== saved.checksum) throw new RangeError("checksum");
    return { memory, files, openFiles: saved.openFiles, clockMs: saved.clockMs };
  } catch (cause) {
    throw new ConfigurationError("The state to restore is damaged, or larger than the limits of this executor.", { cause });
  }
}

function checkSaved(data: Json): Saved {
  const saved = data as Partial<Saved> | null;
  const isSaved = [saved?.image, saved?.memory, saved?.files].every((text) => typeof text === "string") && Array.isArray(saved?.openFiles);
  if (!isSaved || !saved.openFiles?.every(isOpenFile) || !isClock(saved.clockMs))
    throw new ConfigurationError("The state to restore is none that the wasm executor saved.", { details: { sandbox: "gone" } });
  return saved as Saved;
}

function isOpenFile(value: OpenFile | null): boolean {
  return typeof value?.path === "string" && [value.fd, value.flags, value.position].every(isCount);
}

function isClock(milliseconds: number | undefined): boolean {
  return Number.isFinite(milliseconds) && (milliseconds as number) >= 0;
}

function isCount(number: number): boolean {
  return Number.isSafeInteger(number) && number >= 0;
}

/** The format of `sandbox/delta.ts`. */
function makeDelta(base: Buffer, whole: Buffer): Buffer {
  const parts = [uint32(whole.length)];
  for (let start = 0; start < whole.length; start += pageBytes) {
    const end = Math.min(start + pageBytes, whole.length);
    const isSame = end <= base.length && whole.compare(base, start, end, start, end) === 0;
    if (!isSame) parts.push(uint32(start / pageBytes), whole.subarray(start, end));
  }
  return Buffer.concat(parts);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** The header is ours, but the code in the sandbox could have written it. */
function takeApart(payload: Buffer): { header: Header; memory: Buffer; files: Buffer } {
  const headerBytes = payload.length < 4 ? 0 : payload.readUInt32LE(0);
  try {
    const header = JSON.parse(payload.toString("utf8", 4, 4 + headerBytes)) as Header;
    const start = 4 + headerBytes;
    if (![header.memory, header.files].every(isCount) || !header.openFiles.every(isOpenFile) || !isClock(header.clockMs))
      throw new TypeError("fields");
    if (start + header.memory + header.files !== payload.length) throw new RangeError("lengths");
    return { header, memory: payload.subarray(start, start + header.memory), files: payload.subarray(start + header.memory) };
  } catch (cause) {
    throw new ProtocolError("The sandbox sent a malformed checkpoint.", { cause });
  }
}
