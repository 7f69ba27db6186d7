import { expect, test } from "vitest";
import { sdkFailure } from "./sdk-failure.ts";

const cause = new Error("cannot load");
const shared = { install: "acme@~1.2.0", user: "The Acme executor" };

test("names the command that installs what is not there", () => {
  const resolve = (): string => {
    throw new Error("not found");
  };
  expect(sdkFailure(cause, { ...shared, resolve })).toMatchObject({
    code: "missing-package",
    message: expect.stringMatching(/The Acme executor.*npm install acme@~1\.2\.0/),
    cause,
  });
});

test("leaves the error of an SDK that is there as it is", () => {
  expect(sdkFailure(cause, { ...shared, resolve: () => "file:///acme.js" })).toBe(cause);
});
