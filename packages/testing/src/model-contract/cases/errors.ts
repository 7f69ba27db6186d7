import assert from "node:assert/strict";
import { inspect } from "node:util";
import { CodeletError } from "@codelet/core";
import { asModel } from "../as-model.ts";
import { failuresOf, hello, hungUp, waysOf } from "../both-ways.ts";
import { contractKey } from "../case-context.ts";
import { openLoopback, type ServerAnswer } from "../loopback.ts";
import type { ModelCase } from "../model-case.ts";
import { textReply } from "../replies.ts";
import { bodyOf, fails, hangsUp, says, saysNothing, sends } from "../server-answers.ts";

const statuses = [
  [400, false],
  [401, false],
  [403, false],
  [404, false],
  [413, false],
  [422, false],
  [408, true],
  [429, true],
  [500, true],
  [502, true],
  [503, true],
  [529, true],
] as const;

/** What is no answer, with status 200. */
const nonsense: readonly (readonly [string, ServerAnswer])[] = [
  ["a web page", sends("<!DOCTYPE html><html><body>Log in.</body></html>", "text/html")],
  ["an empty body", sends("", "application/json")],
  ["`null`", sends("null", "application/json")],
  ["an empty list", sends("[]", "application/json")],
  ["an empty object", sends("{}", "application/json")],
  ["half an object", sends('{"', "application/json")],
];

const echo = `Your key ${contractKey} is not known.`;

/** Ways in which a server may send the key back. */
const echoes: readonly (readonly [string, ServerAnswer])[] = [
  ["an error's message", fails(401, echo)],
  ["an error's headers", fails(403, "No.", { "x-hint": echo, "www-authenticate": `Bearer realm="${contractKey}"` })],
  ["an error that is no JSON", (response) => void response.writeHead(500, { "content-type": "text/html" }).end(echo)],
  ["an error cut in the middle of the key", fails(401, `${"x".repeat(490)}${echo}`)],
  ["a redirect", (response) => void response.writeHead(307, { location: `http://127.0.0.1:9/?key=${contractKey}` }).end()],
  ["what is no answer", sends(echo, "text/html")],
  ["what is almost JSON", sends(`{"${contractKey}`, "application/json")],
  ["a stream of something else", (...request) => sends(`data: ${contractKey}\n\n`, request[2].streamType ?? "text/event-stream")(...request)],
];

const asksToWait = (text: string): ServerAnswer => fails(429, "Slowly.", { "retry-after": text });

/** What goes wrong. */
export const errorCases: readonly ModelCase[] = [
  ...statuses.map(
    ([status, retryable]): ModelCase => ({
      name: `status ${status} is an error with that status, ${retryable ? "and may be tried again" : "not to be tried again"}`,
      async run(context) {
        for (const error of await failuresOf(await context.serve(fails(status, "It is so."))))
          assert.deepEqual({ status: error.status, retryable: error.retryable }, { status, retryable });
      },
    }),
  ),
  {
    name: "an error says what the server said",
    async run(context) {
      for (const { message } of await failuresOf(await context.serve(fails(400, "The temperature is too high."))))
        assert.match(message, /The temperature is too high\./);
    },
  },
  {
    name: "`Retry-After` is read, in seconds and as a date",
    async run(context) {
      for (const { retryAfterMs } of await failuresOf(await context.serve(asksToWait("7")))) assert.equal(retryAfterMs, 7_000);
      const inAMinute = new Date(Date.now() + 60_000).toUTCString();
      for (const { retryAfterMs = 0 } of await failuresOf(await context.serve(asksToWait(inAMinute))))
        assert.ok(retryAfterMs > 30_000 && retryAfterMs <= 60_000, `read as ${retryAfterMs} ms`);
      for (const { retryAfterMs } of await failuresOf(await context.serve(asksToWait("soon")))) assert.equal(retryAfterMs, undefined);
    },
  },
  {
    name: "a call is made once: who tries again is the kernel",
    async run(context) {
      for (const answer of [fails(429, "Slowly.", { "retry-after": "0" }), fails(500, "Oh."), fails(503, "Later."), hangsUp]) {
        const served = await context.serve(answer);
        await failuresOf(served);
        assert.equal(served.requests.length, waysOf(served.model).length, "requests for as many calls");
      }
    },
  },
  {
    name: "a connection that breaks before the answer may be tried again",
    async run(context) {
      for (const { status, retryable } of await failuresOf(await context.serve(hangsUp)))
        assert.deepEqual({ status, retryable }, { status: undefined, retryable: true });
    },
  },
  {
    name: "a server that isn't there may be tried again",
    async run({ options }) {
      const server = await openLoopback(options.wire, saysNothing);
      await server[Symbol.asyncDispose]();
      const model = asModel(options.create({ baseURL: server.baseURL, apiKey: contractKey }));
      for (const { status, retryable } of await failuresOf({ model, requests: [] }))
        assert.deepEqual({ status, retryable }, { status: undefined, retryable: true });
    },
  },
  ...nonsense.map(
    ([what, answer]): ModelCase => ({
      name: `${what} is no answer`,
      run: async (context) => void (await failuresOf(await context.serve(answer))),
    }),
  ),
  {
    name: "a server that gives up in the middle of a stream is an error that says why",
    needs: ["stream", "failurePiece"],
    async run(context) {
      const { model } = await context.serve(async (response, _, wire) => {
        response.writeHead(200, { "content-type": wire.streamType ?? "text/event-stream" });
        const [first = ""] = bodyOf(wire, textReply(["So far, ", "so good."]), true);
        response.write(first);
        response.end(wire.failurePiece?.("The provider is overloaded."));
      });
      const failure = await waysOf(model)[1]?.(hello).catch((error: unknown) => error);
      assert.ok(CodeletError.isInstance(failure, "model-call"), `expected a ModelCallError, got ${String(failure)}`);
      assert.match(failure.message, /The provider is overloaded\./);
    },
  },
  ...echoes.map(
    ([what, answer]): ModelCase => ({
      name: `the key is in no error: ${what}`,
      async run(context) {
        for (const error of await failuresOf(await context.serve(answer))) {
          const printed = inspect(error, { depth: 12, showHidden: true });
          const part = contractKey.slice(0, 12);
          assert.ok(!printed.includes(part), `the key, or the beginning of it, is in: ${printed.replaceAll(part, "[HERE]").slice(0, 2_000)}`);
        }
      },
    }),
  ),
  {
    name: "silence is an error: before the answer, and in the middle of it",
    needs: ["silenceLimit"],
    async run(context) {
      const inTheMiddle = says(textReply(["One, ", "two, ", "three."]), { until: "two, ", afterwards: "nothing" });
      for (const answer of [saysNothing, inTheMiddle]) {
        const served = await context.serve(answer, { silenceMs: 300 });
        for (const { retryable } of await failuresOf(served)) assert.equal(retryable, true);
        await hungUp(served);
      }
    },
  },
  {
    name: "an answer that is too large is an error before it has come, in one piece or many",
    needs: ["sizeLimit"],
    async run(context) {
      for (const pieces of [["x".repeat(12_000_000)], Array<string>(1_200).fill("x".repeat(10_000))]) {
        const served = await context.serve(textReply(pieces), { maxBytes: 100_000 });
        await failuresOf(served);
        await hungUp(served);
      }
    },
  },
];
