import { expect, test } from "vitest";
import { importSdk } from "./import-sdk.ts";

const cause = new Error("cannot load");
const load = (): Promise<never> => Promise.reject(cause);
const shared = { install: "acme@~1.2.0", user: "The Acme executor" };

test("returns what is there", async () => {
  expect(await importSdk(async () => 7, { ...shared, resolve: () => "file:///acme.js" })).toBe(7);
});

test("names the command that installs what is not there", async () => {
  const resolve = (): string => {
    throw new Error("not found");
  };
  await expect(importSdk(load, { ...shared, resolve })).rejects.toMatchObject({
    code: "missing-package",
    message: expect.stringMatching(/The Acme executor.*npm install acme@~1\.2\.0/),
    cause,
  });
});

test("says why an SDK that is there can't be loaded", async () => {
  await expect(importSdk(load, { ...shared, resolve: () => "file:///acme.js" })).rejects.toMatchObject({
    code: "configuration",
    message: expect.stringContaining("cannot load"),
    cause,
  });
});
