import { ValueError } from "./errors.ts";

/** Bytes as base64 text. */
export function toBase64(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let start = 0; start < bytes.length; start += 0x3000) {
    // `apply` takes a typed array as it is; spreading one is ten times slower.
    parts.push(btoa(String.fromCharCode.apply(null, bytes.subarray(start, start + 0x3000) as unknown as number[])));
  }
  return parts.join("");
}

/** The bytes of a base64 text. */
export function fromBase64(base64: string): Uint8Array {
  let binary: string;
  try {
    binary = atob(base64);
  } catch (error) {
    throw new ValueError("Malformed base64.", { cause: error });
  }
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < bytes.length; index++) bytes[index] = binary.charCodeAt(index);
  return bytes;
}
