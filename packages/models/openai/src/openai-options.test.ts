import { inspect } from "node:util";
import { describe, expect, it, vi } from "vitest";
import { openai } from "./openai.ts";
import { ask } from "./testing/gather.ts";
import { fixture, loopbackServer, whole } from "./testing/loopback-server.ts";
import { refuseRemoteHosts } from "./testing/refuse-remote-hosts.ts";

refuseRemoteHosts();
describe("the environment", () => {
  it("holds the default key and server", async () => {
    await using server = await loopbackServer(whole(fixture("code-answer.json")));
    process.env.OPENAI_API_KEY = "key-of-the-environment";
    process.env.OPENAI_BASE_URL = server.baseURL;
    process.env.OPENAI_ORG_ID = "org-of-the-environment";
    try {
      await openai("fixture-1").generate(ask("Hi."));
      await openai("fixture-1", { baseURL: server.baseURL, apiKey: "" }).generate(ask("Hi."));
    } finally {
      for (const name of ["OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_ORG_ID"]) delete process.env[name];
    }
    expect(server.requests.map(({ headers }) => [headers.authorization, headers["openai-organization"]])).toEqual([
      ["Bearer key-of-the-environment", "org-of-the-environment"],
      [undefined, undefined],
    ]);
  });

  it("adds no headers of OPENAI_CUSTOM_HEADERS, which the SDK would send to any server", async () => {
    await using server = await loopbackServer(whole(fixture("code-answer.json")));
    process.env.OPENAI_CUSTOM_HEADERS =
      "authorization: Bearer other\r\nX-Secret : hidden\nX-Title: theirs\nOpenAI-Organization: theirs\ncontent-type: text/plain\nno header";
    try {
      const options = { baseURL: server.baseURL, organization: "ours", headers: { "x-title": "ours" } };
      await openai("fixture-1", { ...options, apiKey: "key-of-the-test" }).generate(ask("Hi."));
      await openai("fixture-1", { ...options, apiKey: "" }).generate(ask("Hi."));
      await openai("fixture-1", { ...options, apiKey: "key-of-the-test", headers: { AUTHORIZATION: "Basic mine" } }).generate(ask("Hi."));
    } finally {
      delete process.env.OPENAI_CUSTOM_HEADERS;
    }
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual(["Bearer key-of-the-test", undefined, "Basic mine"]);
    expect(server.requests[0]?.headers).toMatchObject({
      "x-title": "ours",
      "openai-organization": "ours",
      "content-type": "application/json",
    });
    for (const { headers } of server.requests) expect(headers).not.toHaveProperty("x-secret");
  });

  it("neither makes the SDK log prompts, nor lends it another key", async () => {
    await using server = await loopbackServer(whole(fixture("code-answer.json")));
    const logged: unknown[] = [];
    const logs = (["debug", "info", "warn", "error"] as const).map((level) =>
      vi.spyOn(console, level).mockImplementation((...said) => logged.push(said)),
    );
    Object.assign(process.env, { OPENAI_LOG: "debug", OPENAI_ADMIN_KEY: "key-of-an-admin" });
    try {
      await openai("fixture-1", { baseURL: server.baseURL, apiKey: "" }).generate(ask("Hi."));
    } finally {
      for (const name of ["OPENAI_LOG", "OPENAI_ADMIN_KEY"]) delete process.env[name];
      for (const log of logs) log.mockRestore();
    }
    expect(logged).toEqual([]);
    expect(JSON.stringify(server.requests[0]?.headers)).not.toContain("key-of-an-admin");
  });

  it("is in no error when the SDK refuses OPENAI_CUSTOM_HEADERS", async () => {
    process.env.OPENAI_CUSTOM_HEADERS = "X-Secret: hidden\u2028value";
    try {
      const failure = await openai("fixture-1", { baseURL: "http://127.0.0.1:9/v1" })
        .generate(ask("Hi."))
        .catch((thrown: unknown) => thrown);
      expect(failure).toMatchObject({ code: "configuration", message: expect.stringContaining("OPENAI_CUSTOM_HEADERS") });
      expect(inspect(failure, { depth: 10 })).not.toContain("hidden");
    } finally {
      delete process.env.OPENAI_CUSTOM_HEADERS;
    }
  });

  it("without a key is an error that names the variable", () => {
    expect(() => openai("gpt-4.1")).toThrow(expect.objectContaining({ code: "configuration", message: expect.stringContaining("OPENAI_API_KEY") }));
    expect(openai("gpt-4.1", { apiKey: "", baseURL: "http://127.0.0.1:1/v1" }).id).toBe("gpt-4.1");
  });
});

it("sends the query of the base URL with every request, and tells it in no error", async () => {
  await using server = await loopbackServer(whole(fixture("code-answer.json")), whole({ error: { message: "No code-of-the-query here." } }, 400));
  const query = "?api-version=1&code=code-of-the-query";
  await openai("fixture-1", { baseURL: server.baseURL + query }).generate(ask("Hi."));
  const failure = openai("fixture-1", { baseURL: `${server.baseURL}/${query}#x` }).generate(ask("Hi."));
  await expect(failure).rejects.toThrow("No [redacted] here.");
  expect(server.requests.map(({ url }) => url)).toEqual(Array(2).fill(`/v1/chat/completions${query}`));
});

it("tells a secret of the query neither as it is nor as it stands in the URL", async () => {
  await using server = await loopbackServer((response, { url }) =>
    whole({ error: { message: `No ${url} and aa+bb/cc+dd.` } }, 404)(response, {} as never),
  );
  const failure = openai("fixture-1", { baseURL: `${server.baseURL}?code=aa%2Bbb%2Fcc%2Bdd` }).generate(ask("Hi."));
  await expect(failure).rejects.toThrow("No /v1/chat/completions?code=[redacted] and [redacted].");
});

it("tells no rest of a secret that begins with another", async () => {
  await using server = await loopbackServer(whole({ error: { message: "No acme-user-1a2b3c here." } }, 400));
  const headers = { "x-user": "acme-user", "x-secret": "acme-user-1a2b3c" };
  await expect(openai("fixture-1", { baseURL: server.baseURL, headers }).generate(ask("Hi."))).rejects.toThrow("No [redacted] here.");
});

it("reads the base URL as fetch does, with space around it", async () => {
  await using server = await loopbackServer(whole(fixture("code-answer.json")));
  for (const end of ["/", "?a=1", "/?a=1#x"]) await openai("fixture-1", { baseURL: ` ${server.baseURL}${end}\n` }).generate(ask("Hi."));
  const path = "/v1/chat/completions";
  expect(server.requests.map(({ url }) => url)).toEqual([path, `${path}?a=1`, `${path}?a=1`]);
});

describe("options", () => {
  it.each([
    [{ temperature: -1 }, "temperature"],
    [{ maxTokens: 0 }, "maxTokens"],
    [{ idleTimeoutMs: Number.NaN }, "idleTimeoutMs"],
    [{ maxEventBytes: 0 }, "maxEventBytes"],
    [{ baseURL: "localhost:8000" }, "baseURL"],
    [{ baseURL: "https://user:pass-word@example.com/" }, "baseURL"],
    [{ stopSequences: "maybe" as "cut" }, "stopSequences"],
    [{ apiKey: "a-secret-key\nx" }, "apiKey"],
    [{ headers: { "x y": "z" } }, "headers"],
    [{ headers: new Headers({ "x-title": "lost" }) as never }, "headers"],
    [{ baseURL: null as never }, "baseURL"],
    [{ apiKey: null as never }, "apiKey"],
    [{ apiKey: ["a-secret-key"] as never }, "apiKey"],
    [{ organization: 5 as never }, "organization"],
    [{ parameters: "top_p" as never }, "parameters"],
    [{ seesImages: "no" as never }, "seesImages"],
  ])("%j are refused at the door", (options, name) => {
    let message = "";
    try {
      openai("fixture-1", { apiKey: "some-key", ...options });
    } catch (error) {
      message = String(error);
    }
    expect(message).toMatch(new RegExp(`^TypeError: Expected \`${name}\``));
    expect(message).not.toMatch(/a-secret-key|pass-word/);
  });
});

it("refuses an option that it doesn't have, with or without a key", () => {
  const misspelt: object = { baseUrl: "http://127.0.0.1:1/v1" };
  for (const key of [{}, { apiKey: "some-key" }])
    expect(() => openai("fixture-1", { ...misspelt, ...key })).toThrow(/^Expected an option of apiKey, baseURL, .*, got `baseUrl`$/);
  expect(() => openai("fixture-1", null as never)).toThrow("Expected the options to be an object");
});
