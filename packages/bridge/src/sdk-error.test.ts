import { ConfigurationError } from "@codelet/core";
import { expect, test } from "vitest";
import { providersFault, sdkError, usersFault } from "./sdk-error.ts";

const ours = usersFault();

test("is one line that says what to do, whatever was thrown", () => {
  const thrown = new Error(`${"x".repeat(400)}\nand more`);
  expect(sdkError(thrown, "Acme could not go on", providersFault())).toMatchObject({
    code: "executor-crashed",
    message: `Acme could not go on: ${"x".repeat(300)}. Try again.`,
    cause: thrown,
  });
  expect(sdkError("refused. ", "Acme could not go on", ours).message).toBe("Acme could not go on: refused.");
  expect(sdkError(undefined, "Acme could not go on", ours).message).toBe("Acme could not go on: undefined.");
  expect(sdkError({ error: "busy" }, "Acme could not go on", ours, { said: "busy" }).message).toBe("Acme could not go on: busy.");
});

test("leaves an error of codelet's as it is", () => {
  const error = new ConfigurationError("Set the key.");
  expect(sdkError(error, "Acme could not go on", { code: "executor-crashed" })).toBe(error);
});

test("shows no key, in no part", () => {
  const error = sdkError(new Error("bad key k3y-1"), "Acme could not go on", ours, { secret: "k3y-1" });
  expect(error.message).toBe("Acme could not go on: bad key [key].");
  expect(error.cause).toBeUndefined();
  expect(sdkError(new Error("bad"), "Acme could not go on", ours, { secret: "" }).message).toBe("Acme could not go on: bad.");
});

test("is one line also of an answer whose message is no text", () => {
  expect(sdkError({ message: { toString: 1 } }, "Acme could not go on", ours).message).toBe("Acme could not go on: object.");
});

test("shows no control character", () => {
  const thrown = new Error("busy\u001b]0;owned\u0007 \u009b1m\rReady");
  expect(sdkError(thrown, "Acme could not go on", ours).message).toBe("Acme could not go on: busy\\u001b]0;owned\\u0007 \\u009b1m.");
});

test("shows the first line that says something", () => {
  expect(sdkError(new Error("\r\n\n  <html>\n<body>"), "Acme could not go on", ours).message).toMatch(/^Acme could not go on: <html>\./);
});
