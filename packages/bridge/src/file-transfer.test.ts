import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { openSession } from "./testing/child-channel.ts";
import { run } from "./testing/run.ts";

async function* parts(...given: readonly unknown[]): AsyncGenerator<unknown> {
  yield* given;
}

test.each([
  ["a string", "text", "string"],
  ["null", null, "object"],
  ["nothing", undefined, "undefined"],
  ["an ArrayBuffer", new ArrayBuffer(4), "ArrayBuffer"],
  ["numbers", [1, 2], "a part that is number"],
  ["an array of two bytes each", new Uint16Array([65, 66]), "a part that is number"],
  ["a stream of text", parts("text"), "a part that is string"],
  ["a stream of other arrays", parts(new Uint16Array([65])), "a part that is Uint16Array"],
])("putFile refuses %s, and writes nothing", async (_, content, got) => {
  await using session = await openSession();
  const written = session.putFile?.("codelet-refused.tmp", content as never);
  await expect(written).rejects.toThrow(new TypeError(`Expected the file's content to be a Uint8Array, or a stream of them, got ${got}`));
  expect(await run(session, "import os\nos.path.exists('codelet-refused.tmp')")).toMatchObject({ value: false });
});

test("a transfer and a binding that a disposal cuts off reject with aborted", async () => {
  for (const act of ["putFile", "bind"] as const) {
    const session = await openSession();
    const variables = { block: new Uint8Array(5_000_000) };
    const acting = act === "bind" ? session.bind({ variables }) : session.putFile?.("codelet-cut.tmp", variables.block);
    const outcome = expect(acting).rejects.toMatchObject({ code: "aborted" });
    await setImmediate(); // it is on its way
    await session[Symbol.asyncDispose]();
    await outcome;
  }
});
