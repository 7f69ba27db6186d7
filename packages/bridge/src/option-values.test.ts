import { expect, test } from "vitest";
import { checkEnvironment, checkInteger, checkName, checkNumber, checkTextList, checkTexts } from "./option-values.ts";

test("takes numbers within their bounds, the bounds included", () => {
  expect(checkInteger("graceMs", 0, { minimum: 0 })).toBe(0);
  expect(checkNumber("cpus", 0.5, { minimum: 0.5, maximum: 2 })).toBe(0.5);
  expect(checkNumber("cpus", 2, { minimum: 0.5, maximum: 2 })).toBe(2);
});

test.each([
  [-1, "`-1` (number)"],
  [1.5, "`1.5` (number)"],
  [Number.NaN, "`NaN` (number)"],
  [Number.POSITIVE_INFINITY, "`Infinity` (number)"],
  ["7", "`7` (string)"],
  [null, "`null` (object)"],
])("says what it expected in place of %o", (value, got) => {
  expect(() => checkInteger("graceMs", value, { minimum: 0 })).toThrow(new TypeError(`Expected \`graceMs\` to be an integer >= 0, got ${got}`));
});

test("names both bounds where there are two", () => {
  expect(() => checkNumber("cpu", 9, { minimum: 0.5, maximum: 8 })).toThrow(
    new TypeError("Expected `cpu` to be a number from 0.5 to 8, got `9` (number)"),
  );
  expect(() => checkNumber("cpu", Number.POSITIVE_INFINITY, { minimum: 0 })).toThrow(TypeError);
});

test("takes names and lists of strings, and no string for a list", () => {
  expect(checkName("image", "python:3.13")).toBe("python:3.13");
  expect(() => checkName("app", "")).toThrow(new TypeError("Expected `app` to be a name, got `` (string)"));
  expect(() => checkName("image", 7, "the name of an image")).toThrow(new TypeError("Expected `image` to be the name of an image, got `7` (number)"));
  expect(checkTextList("allowedDomains", ["a.org"])).toEqual(["a.org"]);
  for (const wrong of ["a.org", [7], null, {}])
    expect(() => checkTextList("allowedDomains", wrong)).toThrow(/`allowedDomains` to be a list of strings/);
});

test("takes variables of strings, and shows no value of those that are none", () => {
  const variables = { REPORT: "weekly" };
  expect(checkEnvironment("env", variables)).toEqual(variables);
  expect(checkEnvironment("env", variables)).not.toBe(variables);
  for (const wrong of [null, [], "REPORT=weekly", { "NO NAME": "x" }, { REPORT: 7 }]) expect(() => checkEnvironment("env", wrong)).toThrow(/`env/);
  expect(() => checkEnvironment("env", { REPORT: "secret\0" })).toThrow(expect.not.stringContaining("secret"));
  expect(() => checkTexts("metadata", { "a b": Symbol("secret") })).toThrow(new TypeError("Expected `metadata.a b` to be a string, got symbol"));
});
