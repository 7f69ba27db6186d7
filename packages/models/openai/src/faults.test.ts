import { inspect } from "node:util";
import { CodeletError } from "@codelet/core";
import { describe, expect, it } from "vitest";
import { openai } from "./openai.ts";
import { expectFailures, failuresOf, html } from "./testing/failures.ts";
import { ask, gather } from "./testing/gather.ts";
import { type Answer, chunk, event, loopbackServer, streamed, whole } from "./testing/loopback-server.ts";
import { refuseRemoteHosts } from "./testing/refuse-remote-hosts.ts";

refuseRemoteHosts();

describe("a status", () => {
  it.each([
    [400, false],
    [401, false],
    [403, false],
    [404, false],
    [408, true],
    [429, true],
    [500, true],
    [502, true],
    [503, true],
    [529, true],
  ])("%i is an error that is retryable: %s, and is asked once", async (status, retryable) => {
    await expectFailures(whole({ error: { message: "It is so.", code: "a_code", param: "a_param" } }, status), {
      status,
      retryable,
      message: expect.stringContaining(`${status} (a_code): It is so.`),
      details: { code: "a_code", param: "a_param", status, retryable, retryAfterMs: null },
      cause: expect.objectContaining({ status }),
    });
  });

  it("without a code is told by its type", async () => {
    await expectFailures(whole({ error: { message: "It is so.", type: "a_type" } }, 400), { details: expect.objectContaining({ code: "a_type" }) });
  });

  it.each([600, 601, 999])("%i, which HTTP doesn't know, is the server's failure", async (status) => {
    await expectFailures(whole({ error: { message: "It is so.", code: "a_code" } }, status), {
      status,
      retryable: true,
      message: expect.stringContaining(`${status} (a_code): It is so.`),
    });
  });

  it("429 of Google says how long to wait in its details", async () => {
    const error = { code: 429, message: "Slowly.", status: "RESOURCE_EXHAUSTED", details: [{ "@type": "RetryInfo", retryDelay: "36s" }] };
    await expectFailures(whole({ error }, 429), { retryAfterMs: 36_000, message: expect.stringMatching(/: Slowly\.$/) });
  });

  it("with a code of any length is told in few words", async () => {
    const error = { message: "m".repeat(9_000), code: "c".repeat(9_000), param: "p".repeat(9_000) };
    for (const { message, details } of await failuresOf(whole({ error }, 400))) {
      expect(message.length).toBeLessThan(800);
      expect(JSON.stringify(details).length).toBeLessThan(300);
    }
  });

  it.each(["details", "metadata"])("with %s that are too deep to be walked is told as another", async (field) => {
    const deep = `{"raw":${"[".repeat(20_000)}${"]".repeat(20_000)}}`;
    await expectFailures(whole(`{"error":{"message":"No.","${field}":${deep}}}`, 429), { status: 429, message: expect.stringContaining(": No.") });
  });

  it("429 for an empty account is not retryable", async () => {
    await expectFailures(whole({ error: { message: "No more.", code: "insufficient_quota" } }, 429), { status: 429, retryable: false });
  });

  it("counts for more than a type that blames the caller, and less than a header that forbids another try", async () => {
    const body = { error: { message: "Slowly.", type: "invalid_request_error" } };
    await expectFailures(whole(body, 429), { status: 429, retryable: true });
    await expectFailures(whole(body, 429, { "content-type": "application/json", "x-should-retry": "false" }), { status: 429, retryable: false });
  });

  it.each([0, 399, 600, 1113, 400.5, "server_error"])("is none where an answer with status 200 has the code %s", async (code) => {
    const message = expect.stringMatching(/ answered with an error.*: It is so\.$/);
    await expectFailures(whole({ error: { message: "It is so.", code } }), { status: undefined, retryable: true, message });
  });

  it("with a web page says so and does not quote it", async () => {
    await expectFailures(whole(`<!DOCTYPE html><html>${"x".repeat(5_000)}`, 503, html), {
      status: 503,
      retryable: true,
      message: expect.stringMatching(/web page instead of JSON\.$/), // a proxy's, whose server is down
    });
    await expectFailures(whole("<html>", 403, html), { status: 403, message: expect.stringMatching(/web page.*Is the `baseURL` right\?$/) });
  });

  it("404 of a base URL that names the whole endpoint says where it has to end", async () => {
    await using server = await loopbackServer(whole({ detail: "Not Found" }, 404));
    const model = openai("fixture-1", { baseURL: `${server.baseURL}/chat/completions` });
    await expect(model.generate(ask("Hi."))).rejects.toThrow("The `baseURL` ends before /chat/completions");
  });

  it.each([
    [404, { detail: "Not Found" }],
    [405, { error: { message: "Method Not Allowed" } }],
    [200, { error: "Unexpected endpoint or method. (POST /chat/completions)" }],
  ])("%i of a server whose base URL has no path asks whether /v1 is missing", async (status, body) => {
    await using server = await loopbackServer(whole(body, status));
    const model = openai("fixture-1", { baseURL: server.baseURL.replace("/v1", "") });
    await expect(model.generate(ask("Hi."))).rejects.toMatchObject({ code: "model-call", message: expect.stringContaining("/v1") });
    await expect(gather(model, ask("Hi."))).rejects.toMatchObject({ code: "model-call", message: expect.stringContaining("/v1") });
  });

  it("that redirects says where to, without what the address asks", async () => {
    const headers = { location: "https://api.example.com/v1/chat/completions?token=abc" };
    for (const { message } of await failuresOf(whole("", 307, headers))) {
      expect(message).toContain("https://api.example.com/v1/chat/completions");
      expect(message).not.toContain("token");
    }
  });

  it("200 with an error in it has that error's status and message", async () => {
    const body = { error: { message: "The provider is down.", code: 502 } };
    await expectFailures(whole(body), { status: 502, retryable: true, message: expect.stringContaining("The provider is down.") });
    await expectFailures(whole({ error: { message: "No such model.", code: 404 } }), { status: 404, retryable: false });
    await expectFailures(whole({ error: "No such model." }), { message: expect.stringMatching(/: No such model\.$/) });
  });

  it("200 with an error in its choice, or beside one that failed, has that error's status and message", async () => {
    const error = { message: "The input was flagged.", code: 403 };
    const choice = { index: 0, message: { role: "assistant", content: "" }, finish_reason: "error", error };
    const expected = { status: 403, retryable: false, message: expect.stringContaining("The input was flagged.") };
    await expectFailures(whole({ choices: [choice] }), expected);
    await expectFailures(whole({ choices: [{ ...choice, error: undefined }], error }), expected);
  });

  it.each(["invalid_request_error", "authentication_error"])("200 with an error of type %s is not retryable", async (type) => {
    const expected = { status: undefined, retryable: false, message: expect.stringContaining("It is so.") };
    await expectFailures(whole({ error: { message: "It is so.", type, code: "a_code" } }), expected);
    await using server = await loopbackServer(streamed(chunk({ content: "par" }) + event({ error: { message: "It is so.", type } })));
    await expect(gather(openai("fixture-1", { baseURL: server.baseURL }), ask("Hi."))).rejects.toMatchObject(expected);
  });

  it("200 with an answer that is an error has its status and message", async () => {
    const body = { object: "error", message: "It is too long.", type: "BadRequestError", code: 400 };
    const expected = { code: "model-call", status: 400, retryable: false, message: expect.stringContaining("It is too long.") };
    await expectFailures(whole(body), expected);
    await using server = await loopbackServer(streamed(chunk({ content: "par" }) + event(body), { end: "hang" }));
    await expect(gather(openai("fixture-1", { baseURL: server.baseURL }), ask("Hi."))).rejects.toMatchObject(expected);
    await server.requests[0]?.hungUp;
  });

  it("200 with a web page is an error that is not retried", async () => {
    await expectFailures(whole("<html>Log in</html>", 200, html), { retryable: false, message: expect.stringContaining("<html>Log in</html>") });
  });
});

describe("a malformed answer", () => {
  it.each([
    ["text that is not JSON", "{ choices"],
    ["nothing", ""],
    ["null", "null"],
    ["a list", "[]"],
    ["no choices", "{}"],
    ["empty choices", '{"choices":[]}'],
    ["choices of the wrong type", '{"choices":"many"}'],
    ["a message of the wrong type", '{"choices":[{"message":"hi"}]}'],
    ["an error of the router", '{"choices":[{"message":{"content":"par"},"finish_reason":"error"}]}'],
  ])("in one piece: %s", async (_, body) => {
    await using server = await loopbackServer(whole(body));
    await expect(openai("fixture-1", { baseURL: server.baseURL }).generate(ask("Hi."))).rejects.toMatchObject({
      code: "model-call",
      retryable: true,
    });
  });

  it.each([
    ["an event that is not JSON", event("{ choices")],
    ["an event that is null", event("null")],
    ["an event that is a list", event("[]")],
    ["only [DONE]", event("[DONE]")],
    ["no finish reason and no [DONE]", chunk({ content: "par" })],
    ["no finish reason, and [DONE] within a text", chunk({ content: "par\n\ndata: [DONE]\n\n" })],
    ["content after the end", chunk({ content: "a" }) + chunk({}, "stop") + chunk({ content: "b" })],
    ["an error of the router", chunk({ content: "par" }) + chunk({}, "error")],
    ["a binary body", "\u0000\u0001\u0002"],
  ])("as a stream: %s", async (_, body) => {
    await using server = await loopbackServer(streamed(body));
    await expect(gather(openai("fixture-1", { baseURL: server.baseURL }), ask("Hi."))).rejects.toMatchObject({ code: "model-call", retryable: true });
  });

  it("with an error in the middle of a stream has that error's status", async () => {
    await using server = await loopbackServer(streamed(chunk({ content: "par" }) + event({ error: { code: 502, message: "Provider is gone." } })));
    const failure = gather(openai("fixture-1", { baseURL: server.baseURL }), ask("Hi."));
    await expect(failure).rejects.toMatchObject({
      code: "model-call",
      status: 502,
      retryable: true,
      message: expect.stringContaining("Provider is gone."),
    });
  });

  it("whose fields have wrong types is read as if they were missing", async () => {
    const body =
      chunk({ content: 5, reasoning_content: {}, tool_calls: { index: 0 }, refusal: [] }) +
      chunk({ content: "ok", tool_calls: [null, 3, { index: "x" }] }, "stop");
    await using server = await loopbackServer(streamed(body + event({ choices: [], usage: { prompt_tokens: -4, completion_tokens: "many" } })));
    const deltas = await gather(openai("fixture-1", { baseURL: server.baseURL }), ask("Hi."));
    expect(deltas.map(({ type }) => type)).toEqual(["text", "tool-call", "finish"]);
  });
});

describe("a connection", () => {
  it("that is refused is retryable and names the reason", async () => {
    const server = await loopbackServer();
    const { baseURL } = server;
    await server[Symbol.asyncDispose]();
    const failure = openai("fixture-1", { baseURL }).generate(ask("Hi."));
    await expect(failure).rejects.toMatchObject({ code: "model-call", status: undefined, retryable: true, details: { code: "ECONNREFUSED" } });
    await expect(failure).rejects.toHaveProperty("cause.message");
  });

  it("that speaks no HTTP is retryable", async () => {
    await expectFailures((response) => void response.socket?.end("nonsense\r\n\r\n"), { status: undefined, retryable: true });
  });
});

describe("the key", () => {
  const apiKey = "sk-a-key-that-nobody-may-see";
  const options = { apiKey, headers: { "api-key": "another-secret-value" } };
  const echo = `You sent ${apiKey} and another-secret-value`;

  it.each<[string, Answer]>([
    ["an error's message", whole({ error: { message: echo, code: apiKey, param: apiKey } }, 401)],
    ["an error's other fields", whole({ error: { message: "No.", hint: echo } }, 401)],
    ["an error's headers", whole({ error: { message: "No." } }, 401, { "content-type": "application/json", "x-hint": echo })],
    ["an error page", whole(echo, 500, html)],
    ["a page instead of an answer", whole(echo, 200, html)],
    ["an error in a stream", streamed(event({ error: { message: echo } }))],
  ])("is not in what is thrown when a server sends it back in %s", async (_, answer) => {
    await using server = await loopbackServer(answer);
    const model = openai("fixture-1", { baseURL: server.baseURL, ...options });
    for (const call of [() => model.generate(ask("Hi.")), () => gather(model, ask("Hi."))]) {
      const error: unknown = await call().catch((thrown: unknown) => thrown);
      expect(CodeletError.isInstance(error)).toBe(true);
      expect(inspect(error, { depth: 10, showHidden: true })).not.toMatch(/nobody-may-see|another-secret/);
    }
  });

  it.each<[string, (before: string) => Answer]>([
    ["an error's message", (before) => whole({ error: { message: before + apiKey } }, 401)],
    ["an error page", (before) => whole(before + apiKey, 500, html)],
    ["a page instead of an answer", (before) => whole(before + apiKey, 200, html)],
    ["malformed JSON", (before) => whole(`${apiKey}${before}`)],
  ])("is not in what is thrown in part either, when a server's text is cut in the middle of it in %s", async (_, answer) => {
    for (const length of [180, 190, 480, 490]) {
      await using server = await loopbackServer(answer("x".repeat(length)));
      const model = openai("fixture-1", { baseURL: server.baseURL, ...options });
      for (const call of [() => model.generate(ask("Hi.")), () => gather(model, ask("Hi."))]) {
        const error: unknown = await call().catch((thrown: unknown) => thrown);
        expect(CodeletError.isInstance(error)).toBe(true);
        expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(apiKey.slice(0, 8));
      }
    }
  });

  it("is not in what is thrown when it had spaces or a line end around it, as in a file", async () => {
    await using server = await loopbackServer(whole({ error: { message: echo } }, 401));
    const model = openai("fixture-1", { baseURL: server.baseURL, ...options, apiKey: ` ${apiKey}\r\n` });
    const error: unknown = await model.generate(ask("Hi.")).catch((thrown: unknown) => thrown);
    expect(server.requests[0]?.headers.authorization).toBe(`Bearer ${apiKey}`);
    expect(inspect(error, { depth: 10, showHidden: true })).not.toMatch(/nobody-may-see|another-secret/);
  });

  it("is not in what is thrown when the connection fails with it", async () => {
    const fetch = (): Promise<Response> => Promise.reject(new TypeError("fetch failed", { cause: new Error(echo) }));
    const error: unknown = await openai("fixture-1", { baseURL: "http://127.0.0.1:9/v1", fetch, ...options })
      .generate(ask("Hi."))
      .catch((thrown: unknown) => thrown);
    expect(inspect(error, { depth: 10 })).not.toMatch(/nobody-may-see|another-secret/);
  });
});
