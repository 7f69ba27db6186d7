/**
 * A snapshot as its difference to the image's: the length of the whole, then for each page that differs its number and its bytes (numbers are
 * 32 bits, little endian). A fresh session differs in 500 of 7,700 pages.
 */
export const pageBytes = 4096;

export function applyDelta(base: Uint8Array<ArrayBuffer>, delta: Uint8Array): Uint8Array<ArrayBuffer> {
  const view = new DataView(delta.buffer, delta.byteOffset, delta.length);
  const length = view.getUint32(0, true);
  const whole = length === base.length ? base : new Uint8Array(length);
  if (whole !== base) whole.set(base.subarray(0, length));
  for (let offset = 4; offset < delta.length; ) {
    const target = pageOf(whole, view.getUint32(offset, true));
    target.set(delta.subarray(offset + 4, offset + 4 + target.length));
    offset += 4 + target.length;
  }
  return whole;
}

const pageOf = (bytes: Uint8Array, page: number): Uint8Array => bytes.subarray(page * pageBytes, (page + 1) * pageBytes);
