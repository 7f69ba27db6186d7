import { expect, it } from "vitest";
import { exitCodes } from "./exit-code.ts";
import { helpText } from "./help-text.ts";
import { options } from "./option-table.ts";

it("names every option and every exit code, in 80 columns", () => {
  const text = helpText();
  for (const name of Object.keys(options)) expect(text).toContain(`--${name}`);
  expect(text).toContain(`
  -m, --model openai/<id>
      The model. Default: openai/gpt-5-mini
`);
  expect(text).toContain(`
  --describe
      Shows the agent instead of running it: model, sandbox, limits, tools.
      Needs no task and no key.
`);
  for (const code of Object.values(exitCodes)) expect(text).toMatch(new RegExp(`^ {2}${code} `, "m"));
  expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
});
