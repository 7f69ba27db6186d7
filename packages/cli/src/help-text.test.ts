import { expect, it } from "vitest";
import { exitCodes } from "./exit-code.ts";
import { helpText } from "./help-text.ts";
import { options } from "./option-table.ts";

it("names every option and every exit code, in 80 columns", () => {
  const text = helpText();
  for (const name of Object.keys(options)) expect(text).toContain(`--${name}`);
  expect(text).toMatch(/^ +-m, --model openai\/<id>$/m);
  expect(text).toMatch(/^ +--json$/m);
  for (const code of Object.values(exitCodes)) expect(text).toMatch(new RegExp(`^ {2}${code} `, "m"));
  expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
});
