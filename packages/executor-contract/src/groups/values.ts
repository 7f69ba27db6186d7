import assert from "node:assert/strict";
import { type ContractCase, gentle } from "../contract-case.ts";
import { libraryValueCases } from "./library-values.ts";
import { objectValueCases } from "./object-values.ts";
import { type ValuePair, valueTable } from "./value-table.ts";

/** Equal down to the kinds: 14.0 is not 14, True is not 1, -0.0 is not 0.0; dicts in the same order. */
const sameKind = `
def same(a, b):
    if type(a) is not type(b):
        return False
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return len(a) == len(b) and all(same(k, l) and same(a[k], b[l]) for k, l in zip(a, b))
    if isinstance(a, float):
        return repr(a) == repr(b)
    return a == b and repr(a) == repr(b)
`;

/** Out of the sandbox, into it, and through it in both directions. */
function crosses({ name, python, value }: ValuePair): ContractCase {
  return {
    name,
    async run({ evaluate }) {
      assert.deepEqual(await evaluate(python), value, "sandbox to host");
      assert.equal(await evaluate(`${sameKind}same(sent, ${python})`, { sent: value }), true, "host to sandbox");
      assert.deepEqual(await evaluate("sent", { sent: value }), value, "host to sandbox to host");
      assert.equal(await evaluate(`${sameKind}x = ${python}\nsame(echo(x), x)`), true, "sandbox to host to sandbox");
    },
  };
}

export const valueCases: readonly ContractCase[] = gentle([...valueTable.map(crosses), ...objectValueCases, ...libraryValueCases]);
