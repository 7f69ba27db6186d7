import { expect, it } from "vitest";
import type { Execution } from "../executor.ts";
import { renderExecution } from "./observation.ts";

function render(changes: Partial<Execution>): string {
  return renderExecution({ value: null, logs: "", outputs: [], stateLost: false, durationMs: 1, ...changes }, 1_000);
}

it("says what was displayed, in words where there are any", () => {
  const outputs = [
    { "text/html": "<table/>", "text/plain": "city\nParis" },
    { "image/png": "aaaa", "image/svg+xml": "<svg/>" },
  ];
  expect(render({ outputs })).toBe("Observation:\nDisplayed to the user:\ncity\nParis\n<image/png, image/svg+xml>");
});

it("shows the last value once, also when it was displayed as well", () => {
  const outputs = [{ "text/html": "<table/>", "text/plain": "city\nParis" }];
  expect(render({ value: [], valueText: "city\nParis", outputs })).toBe("Observation:\nLast output from code snippet:\ncity\nParis");
});

it("says why a program was stopped, beside the traceback of where", () => {
  const stopped = { name: "TimeoutError", message: "the code ran out of time", traceback: "Traceback:\n  line 1\nKeyboardInterrupt" };
  expect(render({ error: stopped })).toContain("Traceback:\n  line 1\nKeyboardInterrupt\nTimeoutError: the code ran out of time\n");
  const raised = { name: "KeyError", message: "'a'", traceback: "Traceback:\n  line 1\nKeyError: 'a'" };
  expect(render({ error: raised }).match(/KeyError/g)).toHaveLength(1);
  expect(render({ error: { name: "KeyError", message: "'a'" } })).toContain("Error:\nKeyError: 'a'\n");
});
