import { pythonFloat, pythonType, type Value } from "@codelet/core";

/** A value in the words of both sides. */
export interface ValuePair {
  readonly name: string;
  /** A Python expression. */
  readonly python: string;
  readonly value: Value;
}

/** An object as it comes out of a sandbox: without a prototype. */
export function record(entries: readonly (readonly [string, Value])[]): Value {
  const object: Record<string, Value> = Object.create(null);
  for (const [key, value] of entries) object[key] = value;
  return object;
}

const deep = { python: `${"[".repeat(50)}1${"]".repeat(50)}`, value: nest(50) };

/** What has to cross unchanged in both directions. */
export const valueTable: readonly ValuePair[] = [
  { name: "None", python: "None", value: null },
  { name: "True and False", python: "[True, False]", value: [true, false] },
  { name: "small integers", python: "[0, 1, -1, 255, -2**31]", value: [0, 1, -1, 255, -(2 ** 31)] },
  { name: "the largest exact integers", python: "[2**53 - 1, -2**53 + 1]", value: [2 ** 53 - 1, -(2 ** 53) + 1] },
  {
    name: "integers beyond 2^53",
    python: "[2**53, 2**53 + 1, -2**63, 2**64, 10**30]",
    value: [2n ** 53n, 2n ** 53n + 1n, -(2n ** 63n), 2n ** 64n, 10n ** 30n],
  },
  { name: "an integer of a thousand digits", python: "10**1000 + 7", value: 10n ** 1000n + 7n },
  { name: "floats", python: "[0.1, -2.5, 1e-300, 1.5e300, 5e-324]", value: [0.1, -2.5, 1e-300, 1.5e300, 5e-324] },
  { name: "floats without a fraction (14.0)", python: "[14.0, -3.0, 0.0]", value: [pythonFloat(14), pythonFloat(-3), pythonFloat(0)] },
  {
    name: "nan and the infinities",
    python: "[float('nan'), float('inf'), float('-inf')]",
    value: [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  },
  { name: "negative zero", python: "-0.0", value: -0 },
  { name: "large floats without a fraction", python: "[1e22, 2.0**53, 1.7976931348623157e308]", value: [1e22, 2 ** 53, Number.MAX_VALUE] },
  { name: "texts", python: "['', 'a', 'é 漢 🙂', '\\n\\t\"\\\\', \"'\"]", value: ["", "a", "é 漢 🙂", '\n\t"\\', "'"] },
  {
    name: "a text with NUL and control characters",
    python: "'nul \\x00 \\x1b \\x7f \\u2028 \\ufeff'",
    value: "nul \u0000 \u001b \u007f \u2028 \ufeff",
  },
  { name: "a lone surrogate survives", python: "['\\ud800', 'a\\udfffb']", value: ["\ud800", "a\udfffb"] },
  {
    name: "bytes",
    python: "[b'', b'\\x00\\xff\\n', bytes(range(256))]",
    value: [new Uint8Array(), Uint8Array.of(0, 255, 10), Uint8Array.from({ length: 256 }, (_, index) => index)],
  },
  { name: "lists", python: "[[], [1, [2, [3]]], ['a', None]]", value: [[], [1, [2, [3]]], ["a", null]] },
  { name: "tuples", python: "[(), (1,), (1, (2, 'x'))]", value: [tuple(), tuple(1), tuple(1, tuple(2, "x"))] },
  { name: "a set", python: "{5}", value: { [pythonType]: "set", items: [5] } },
  { name: "an empty set", python: "set()", value: { [pythonType]: "set", items: [] } },
  { name: "a set of tuples", python: "{(1, 'a')}", value: { [pythonType]: "set", items: [tuple(1, "a")] } },
  { name: "a frozenset", python: "frozenset({5})", value: { [pythonType]: "frozenset", items: [5] } },
  {
    name: "dicts in their order",
    python: "{'b': 1, 'a': {'z': 2, 'y': []}}",
    value: record([
      ["b", 1],
      [
        "a",
        record([
          ["z", 2],
          ["y", []],
        ]),
      ],
    ]),
  },
  { name: "an empty dict", python: "{}", value: record([]) },
  { name: "a dict with integer keys", python: "{2: 'b', 1: 'a'}", value: dict([2, "b"], [1, "a"]) },
  {
    name: "a dict with keys of many kinds",
    python: "{1: 'int', (1, 2): 'tuple', None: 'none', 'x': 'text'}",
    value: dict([1, "int"], [tuple(1, 2), "tuple"], [null, "none"], ["x", "text"]),
  },
  {
    name: "a dict with True beside '1' and a float key",
    python: "{True: 'yes', '1': 'text', 2.5: 'half'}",
    value: dict([true, "yes"], ["1", "text"], [2.5, "half"]),
  },
  {
    name: "a dict whose texts look like numbers, in its order",
    python: "{'b': 0, '2024': 1, '10': {'9': 2, '08': 3}}",
    value: dict(
      ["b", 0],
      ["2024", 1],
      [
        "10",
        record([
          ["9", 2],
          ["08", 3],
        ]),
      ],
    ),
  },
  {
    name: "a dict with the codec's own key",
    python: "{'$type': 'int', 'value': '5'}",
    value: record([
      ["$type", "int"],
      ["value", "5"],
    ]),
  },
  { name: "a dict with that key and others inside", python: "[{'$type': {'$type': 1}}]", value: [record([["$type", record([["$type", 1]])]])] },
  {
    name: "keys of JavaScript's own names",
    python: "{'__proto__': {'polluted': True}, 'constructor': 1, 'toString': 'x', 'then': 2, 'toJSON': 3}",
    value: record([
      ["__proto__", record([["polluted", true]])],
      ["constructor", 1],
      ["toString", "x"],
      ["then", 2],
      ["toJSON", 3],
    ]),
  },
  {
    name: "datetimes",
    python: "__import__('datetime').datetime(2025, 1, 2, 3, 4, 5, 678)",
    value: { [pythonType]: "datetime", text: "2025-01-02T03:04:05.000678" },
  },
  {
    name: "datetimes with a zone",
    python: "__import__('datetime').datetime(2025, 1, 2, 3, 4, 5, tzinfo=__import__('datetime').timezone.utc)",
    value: { [pythonType]: "datetime", text: "2025-01-02T03:04:05+00:00" },
  },
  { name: "dates", python: "__import__('datetime').date(2024, 2, 29)", value: { [pythonType]: "date", text: "2024-02-29" } },
  { name: "times", python: "__import__('datetime').time(23, 59, 1, 5)", value: { [pythonType]: "time", text: "23:59:01.000005" } },
  {
    name: "timedeltas",
    python: "__import__('datetime').timedelta(days=-1, seconds=5, microseconds=7)",
    value: { [pythonType]: "timedelta", days: -1, seconds: 5, microseconds: 7 },
  },
  {
    name: "Decimals",
    python: "[__import__('decimal').Decimal(t) for t in ('1.10', '-0', '1E+50')]",
    value: ["1.10", "-0", "1E+50"].map((text) => ({ [pythonType]: "decimal" as const, text })),
  },
  { name: "fifty levels", ...deep },
  { name: "ten thousand items", python: "list(range(10_000))", value: Array.from({ length: 10_000 }, (_, index) => index) },
];

function tuple(...items: readonly Value[]): Value {
  return { [pythonType]: "tuple", items };
}

function dict(...entries: readonly (readonly [Value, Value])[]): Value {
  return { [pythonType]: "dict", entries };
}

function nest(levels: number): Value {
  return levels === 0 ? 1 : [nest(levels - 1)];
}
