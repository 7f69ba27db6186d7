import fc from "fast-check";
import { expect, it } from "vitest";
import { textWidth } from "./text-width.ts";
import { wrapText } from "./wrap-text.ts";

it.each<[string, number, string[]]>([
  ["one two three", 8, ["one two", "three"]],
  ["  indented text goes on", 12, ["  indented", "text goes on"]],
  ["averylongword", 5, ["avery", "longw", "ord"]],
  ["a averylongword b", 5, ["a ave", "rylon", "gword", "b"]],
  ["two\nlines\n\n", 20, ["two", "lines"]],
  ["\na\n\nb", 20, ["", "a", "", "b"]],
  ["東京都 大阪府", 8, ["東京都", "大阪府"]],
  ["東京都大阪府", 8, ["東京都大", "阪府"]],
  ["spaces      between", 9, ["spaces", "between"]],
  ["                    far", 8, ["far"]],
  ["", 8, [""]],
  ["no width", Number.POSITIVE_INFINITY, ["no width"]],
])("wraps %j to %i columns", (text, columns, rows) => {
  expect(wrapText(text, columns)).toEqual(rows);
});

it("keeps to the columns and loses no word", () => {
  const word = fc.string({ unit: fc.constantFrom("a", "b", "東", "é", "👍🏽"), minLength: 1, maxLength: 30 });
  const line = fc.array(fc.tuple(fc.constantFrom(" ", "  ", "     "), word), { maxLength: 12 }).map((parts) => parts.flat().join(""));
  fc.assert(
    fc.property(line, fc.integer({ min: 2, max: 40 }), (text, columns) => {
      const rows = wrapText(text, columns);
      for (const row of rows) expect(textWidth(row)).toBeLessThanOrEqual(columns);
      expect(rows.join("").replaceAll(" ", "")).toBe(text.replaceAll(" ", ""));
    }),
  );
});

it("copes with hundreds of thousands of line ends or spaces", () => {
  expect(wrapText(`${"\n".repeat(200_000)}x`, 80)).toHaveLength(200_001);
  expect(wrapText(`${" ".repeat(300_000)}x`, 80)).toEqual(["x"]);
  expect(wrapText(" ".repeat(1_000_000), 80)).toEqual([""]);
  expect(wrapText("x ".repeat(100_000), 80)).toHaveLength(2_500);
});
