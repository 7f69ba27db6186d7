import { Readable } from "node:stream";
import { expect, it } from "vitest";
import { followJob } from "./follow-job.ts";

/** What is shown of an account that comes in these pieces. */
async function shown(...pieces: readonly string[]): Promise<readonly string[]> {
  const messages: string[] = [];
  await followJob(Promise.resolve(Readable.from(pieces.map((piece) => Buffer.from(piece)))), { doing: "pull it" }, (message) =>
    messages.push(message),
  );
  return messages;
}

const lines = (...progress: readonly object[]): string => progress.map((each) => `${JSON.stringify(each)}\r\n`).join("");

it("shows what the engine says, wherever its account is cut, and nothing twice in a row", async () => {
  const account = lines(
    { status: "Pulling", id: "latest" },
    { status: "Löschen", progress: "[=>]" },
    { status: "Löschen", progress: "[=>]" },
    {},
    { status: "Löschen", progress: "[=>]" },
    { status: "Done" },
  );
  const said = ["latest Pulling", "Löschen [=>]", "Löschen [=>]", "Done"];
  expect(await shown(account)).toEqual(said);
  expect(await shown(...Array.from(account))).toEqual(said);
  expect(await shown(`\n ${account.trimEnd()}`)).toEqual(said);
});

it("shows the last line of what a program says, without its colours", async () => {
  expect(await shown(lines({ stream: "\u001b[32mone\u001b[0m\n  two  \n\n" }, { stream: "\n" }, { stream: "three" }))).toEqual(["two", "three"]);
});

it.each([
  [lines({ error: "no space\nleft" }), "no space"],
  [lines({ stream: "Step 1/2 : RUN a\n" }, { stream: "E: broken\n" }, { error: "returned 1" }), "E: broken (returned 1)"],
  [lines({ stream: "E: broken\n" }, { stream: "Step 2/2 : RUN b\n" }, { error: "returned 1" }), "could not pull it: returned 1"],
  ["<html>", "<html>"],
])("rejects with what went wrong: %j", async (account, message) => {
  await expect(shown(account)).rejects.toMatchObject({ code: "configuration", message: expect.stringContaining(message) });
});
