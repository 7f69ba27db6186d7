import assert from "node:assert/strict";
import type { SessionRef } from "@codelet/core";

/** Makes state of several kinds. */
export const richState =
  "import random\nrandom.seed(1)\nrows = [1, 2]\ndef double(x):\n    return 2 * x\nclass Box:\n    size = 3\nbox = Box()\ngenerator = (n for n in range(10))\nnext(generator)\nadder = lambda x: x + rows[0]";
/** What is left of it, and still works. */
export const readState = "[rows, double(4), box.size, next(generator), adder(1)]";

/** What a store would make of it. */
export function throughJson(reference: SessionRef | undefined): SessionRef {
  assert.ok(reference);
  return JSON.parse(JSON.stringify(reference)) as SessionRef;
}
