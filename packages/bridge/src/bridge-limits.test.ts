import { expect, test } from "vitest";
import { defaultBridgeLimits, resolveBridgeLimits } from "./bridge-limits.ts";

test("takes the default of a limit that is left out or undefined", () => {
  expect(resolveBridgeLimits()).toEqual(defaultBridgeLimits);
  expect(resolveBridgeLimits({ maxDepth: 1, maxNodes: undefined } as never)).toEqual({ ...defaultBridgeLimits, maxDepth: 1 });
});

test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, "5", null])("refuses %j for a limit", (value) => {
  expect(() => resolveBridgeLimits({ maxDepth: value as number })).toThrow(TypeError);
});

test("refuses a limit that there is none of", () => {
  expect(() => resolveBridgeLimits({ maxDeth: 5 } as never)).toThrow(new TypeError("Unknown limit `maxDeth`."));
});
