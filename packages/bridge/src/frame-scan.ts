const quote = 0x22;
const backslash = 0x5c;

/**
 * Depth and number of parts of JSON text, without building it: at most as deep and as many as `JSON.parse` would make of it. Strings are skipped.
 * Returns the number of parts, or the first bound that is broken. Text that is no JSON may pass; `JSON.parse` refuses it then.
 */
export function scanJson(text: Uint8Array, bounds: { readonly maxDepth: number; readonly maxNodes: number }): "depth" | "nodes" | number {
  let depth = 0;
  let nodes = 1;
  for (let at = 0; at < text.length; at++) {
    switch (text[at]) {
      case quote:
        at = endOfString(text, at + 1);
        break;
      case 0x5b: // [
      case 0x7b: // {
        if (++depth > bounds.maxDepth) return "depth";
        if (++nodes > bounds.maxNodes) return "nodes";
        break;
      case 0x5d: // ]
      case 0x7d: // }
        depth--;
        break;
      case 0x2c: // ,
        if (++nodes > bounds.maxNodes) return "nodes";
        break;
    }
  }
  return nodes;
}

/** Index of the quote that ends a string; long strings are skipped by the engine's own search. */
function endOfString(text: Uint8Array, from: number): number {
  for (;;) {
    const end = text.indexOf(quote, from);
    if (end < 0) return text.length;
    let slashes = 0;
    while (text[end - 1 - slashes] === backslash) slashes++;
    if (slashes % 2 === 0) return end;
    from = end + 1;
  }
}
