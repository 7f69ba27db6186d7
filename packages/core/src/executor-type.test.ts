import { expect, it } from "vitest";
import { loadExecutor, registerExecutor } from "./executor-type.ts";

const register = registerExecutor as (name: string, load: () => Promise<object>) => void;

it("names the package that an executor's own package lacks, such as a provider's SDK", async () => {
  register("lacking", () => import("no-such-sdk-of-a-provider" as string));
  await expect(loadExecutor("lacking")).rejects.toMatchObject({
    code: "missing-package",
    message: "lacking needs the package no-such-sdk-of-a-provider. Run: npm install no-such-sdk-of-a-provider",
  });
});

it("passes on what a package throws when it is loaded", async () => {
  const broken = new SyntaxError("Unexpected token");
  register("broken", () => Promise.reject(broken));
  await expect(loadExecutor("broken")).rejects.toBe(broken);
});

it("refuses a name that nobody knows, and a package that makes no executor", async () => {
  await expect(loadExecutor("dokcer")).rejects.toMatchObject({
    code: "configuration",
    message: expect.stringContaining("Known: blaxel, docker, e2b, local, modal, wasm"),
  });
  expect(() => register("made", {} as never)).toThrow("Expected `load` to be a function, got an object");
  register("empty", async () => ({}));
  await expect(loadExecutor("empty")).rejects.toMatchObject({ code: "configuration" });
});
