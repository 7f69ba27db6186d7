import { expect, it } from "vitest";
import { openWasm, run } from "./testing/evaluate.ts";

const hasPath = /file:|\/tmp|\/home|node_modules|\.m?js\b/;

it("shows code no path of the host in errors of JavaScript, also when it asks for more", async () => {
  await using session = await openWasm();
  const code = `
import traceback
from pyodide.code import run_js
from pyodide.ffi import JsException, to_js
seen = []
def attempt():
    for source in ("1", "eval"):
        try:
            run_js(source)
        except JsException as error:
            seen.extend([str(error), str(error.js_error.stack), traceback.format_exc().split("attempt")[-1]])
            return error.js_error.constructor
    raise AssertionError("no error")
kind = attempt()
try:
    kind.stackTraceLimit = 50
except Exception:
    seen.append("kept")
kind = attempt()
try:
    target = to_js({"a": 1})
    kind.captureStackTrace(target)
    seen.append(str(target.stack))
except Exception:
    pass
seen`;
  const { value, error } = await run(session, code);
  expect(error).toBeUndefined();
  expect((value as string[]).length).toBeGreaterThan(6);
  expect(
    (value as string[]).filter((text) => hasPath.test(text.replaceAll("/lib/python", "").replaceAll(/"[^"]*pyodide\/[a-z_]+\.py"/g, ""))),
  ).toEqual([]);
});

it("shows code no path of the host when it ends the interpreter", async () => {
  await using session = await openWasm();
  const { error, stateLost } = await run(session, "nested = []\nfor _ in range(10**6): nested = [nested]\nimport json\nrepr(nested)");
  expect(stateLost).toBe(true);
  expect(error?.name).toBe("SessionDied");
  expect(error?.message).toContain("too deep");
  expect(JSON.stringify(error)).not.toMatch(hasPath);
});
