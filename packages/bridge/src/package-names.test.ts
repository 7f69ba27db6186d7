import { expect, test } from "vitest";
import { checkPackageNames } from "./package-names.ts";

test.each([
  "pandas",
  "numpy>=2,<3",
  "httpx[http2]==0.28.1",
  "scikit-learn ~= 1.5",
  "a",
  "zope.interface",
  "torch==2.5.1+cpu",
  "x!=1.*",
  "uvicorn[standard,extra]",
])("takes %s", (name) => expect(() => checkPackageNames([name])).not.toThrow());

test.each([
  "",
  "-r requirements.txt",
  "--index-url=https://evil.example",
  "-epkg",
  "a; rm -rf /",
  "a\nb",
  "a\n",
  "a b",
  "$(id)",
  "`id`",
  "git+https://example.org/x",
  "https://example.org/x.whl",
  "name @ https://example.org/x.whl",
  "./local",
  "/etc/passwd",
  "..",
  "numpy; python_version<'3'",
  "раndas",
  "pandas\u0000",
  "pandas==",
  "[extra]",
  "a".repeat(300),
])("refuses %j", (name) => {
  expect(() => checkPackageNames([name])).toThrow(TypeError);
});

test("refuses what is no list of names", () => {
  expect(() => checkPackageNames("pandas" as never)).toThrow(TypeError);
  expect(() => checkPackageNames([7 as never])).toThrow(TypeError);
});
