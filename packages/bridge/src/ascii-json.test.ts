import { expect, it } from "vitest";
import { asciiJson } from "./ascii-json.ts";

const units = Array.from({ length: 0x10000 }, (_, unit) => String.fromCharCode(unit));

it("keeps every character, halves of pairs and line separators included, and writes none but ASCII", () => {
  const json = JSON.stringify(units);
  const ascii = asciiJson(json);
  expect(JSON.parse(ascii)).toEqual(units);
  expect(ascii).toMatch(/^[ -~]+$/);
  expect(asciiJson('{"name":"é\u007f"}')).toBe('{"name":"\\u00e9\\u007f"}');
});

it("leaves what is ASCII as it is", () => {
  const json = JSON.stringify({ text: 'a\n"b"\\' });
  expect(asciiJson(json)).toBe(json);
});
