import assert from "node:assert/strict";
import { CodeletError, type ContentPart, type JsonSchema, type Media, type ModelRequest } from "@codelet/core";
import { hello, waysOf } from "../both-ways.ts";
import type { ModelCaseContext } from "../case-context.ts";
import type { ModelCase } from "../model-case.ts";
import type { Asked } from "../model-wire.ts";
import { textReply } from "../replies.ts";
import { withTools } from "../requests.ts";
import { sentParts } from "../sent-parts.ts";
import { oddText } from "./answers.ts";

const responseSchema = {
  name: "verdict",
  schema: { type: "object", properties: { holds: { type: "boolean" }, why: { type: "string" } }, required: ["holds", "why"] },
} as const;

const bytes = Uint8Array.from({ length: 700 }, (_, index) => index % 256);

/** Each part that may be refused, but neither dropped nor sent as something else. */
const media: readonly (readonly [string, ContentPart])[] = [
  ["a picture", { type: "image", image: { mediaType: "image/png", data: bytes } }],
  ["the address of a picture", { type: "image", image: { url: "https://example.com/a%20b.png?c=1&d" } }],
  ["a sound", { type: "file", file: { mediaType: "audio/wav", data: bytes } }],
  ["a document", { type: "file", file: { mediaType: "application/pdf", data: bytes } }],
  ["the address of a file", { type: "file", file: { url: "https://example.com/film.mp4" } }],
  ["a file of a type that nobody knows", { type: "file", file: { mediaType: "application/x-unknown", data: bytes } }],
];

/** What is asked of the server. */
export const requestCases: readonly ModelCase[] = [
  {
    name: "messages arrive in their order, each with its role and its text",
    async run(context) {
      const messages = [
        { role: "system", content: "Be brief." },
        { role: "user", content: "One?" },
        { role: "assistant", content: "Yes." },
        {
          role: "user",
          content: [
            { type: "text", text: "Two? " },
            { type: "text", text: "Three?" },
          ],
        },
      ] as const;
      for (const asked of await askedBy(context, { messages }))
        assert.deepEqual(sentParts(asked), [
          { role: "system", text: "Be brief." },
          { role: "user", text: "One?" },
          { role: "assistant", text: "Yes." },
          { role: "user", text: "Two? Three?" },
        ]);
    },
  },
  {
    name: "every sign of Unicode is sent",
    async run(context) {
      for (const asked of await askedBy(context, { messages: [{ role: "user", content: oddText }] }))
        assert.deepEqual(sentParts(asked), [{ role: "user", text: oddText }]);
    },
  },
  {
    name: "a stream is asked for as one",
    needs: ["stream"],
    async run(context) {
      const { model, requests } = await context.serve(textReply(["yes"]));
      await waysOf(model)[1]?.(hello);
      assert.deepEqual(
        requests.map(({ asked }) => asked.streams),
        [true],
      );
    },
  },
  {
    name: "tools are told with name, description and schema, and only where there are some",
    needs: ["tools"],
    async run(context) {
      for (const { tools = [] } of await askedBy(context, withTools)) {
        const outline = (each: typeof tools): unknown =>
          each.map(({ name, description, inputSchema }) => [name, description, outlineOf(inputSchema)]);
        assert.deepEqual(outline(tools), outline(withTools.tools ?? []));
      }
      for (const { tools = [] } of await askedBy(context, hello)) assert.deepEqual(tools, []);
    },
  },
  {
    name: "a call may be demanded or forbidden",
    needs: ["tools", "toolChoice"],
    async run(context) {
      for (const { toolChoice } of await askedBy(context, { ...withTools, toolChoice: "required" })) assert.equal(toolChoice, "required");
      for (const { toolChoice, tools = [] } of await askedBy(context, { ...withTools, toolChoice: "none" }))
        assert.ok(toolChoice === "none" || tools.length === 0, `the server was told ${toolChoice}, with ${tools.length} tools`);
      for (const { toolChoice = "auto" } of await askedBy(context, withTools)) assert.equal(toolChoice, "auto");
    },
  },
  {
    name: "the shape of the answer is told",
    needs: ["responseSchema"],
    async run(context) {
      for (const asked of await askedBy(context, { ...hello, responseSchema })) {
        assert.ok(asked.responseSchema, "the server was told of no schema");
        assert.deepEqual(outlineOf(asked.responseSchema.schema), outlineOf(responseSchema.schema));
      }
    },
  },
  ...media.map(
    ([what, part]): ModelCase => ({
      name: `${what} is sent as it is, or refused before anything is sent`,
      async run(context) {
        const messages = [{ role: "user", content: [{ type: "text", text: "What is it?" }, part] }] as const;
        const { model, requests } = await context.serve(textReply(["yes"]));
        for (const ask of waysOf(model)) {
          const before = requests.length;
          const failure = await ask({ messages }).then(
            () => undefined,
            (error: unknown) => error,
          );
          if (failure === undefined) {
            const [, sent] = sentParts(requests.at(-1)?.asked ?? { messages: [] });
            assert.deepEqual(plainMedia(sent), plainMedia(part));
          } else {
            assert.ok(CodeletError.isInstance(failure, "model-call"), `expected a ModelCallError, got ${String(failure)}`);
            assert.equal(failure.retryable, false, "the same again would be refused again");
            assert.equal(requests.length, before, "something was sent all the same");
          }
        }
      },
    }),
  ),
  {
    name: "a request is never changed, and may be frozen",
    async run(context) {
      const { model } = await context.serve(textReply(["yes</end>"]));
      for (const ask of waysOf(model)) {
        const request = everything(context);
        await ask(request);
        assert.deepEqual(request, everything(context), "the request was changed");
        await ask(frozen(everything(context)));
      }
    },
  },
];

/** What the server was asked, in each of the ways. */
async function askedBy(context: ModelCaseContext, request: ModelRequest): Promise<readonly Asked[]> {
  const { model, requests } = await context.serve(textReply(["yes"]));
  for (const ask of waysOf(model)) await ask(request);
  assert.ok(requests.length > 0, "the server got no request");
  return requests.map(({ asked }) => asked);
}

/** What no provider's dialect of JSON Schema changes. */
function outlineOf({ properties = {}, required = [] }: JsonSchema): unknown {
  const types = Object.entries(properties as Readonly<Record<string, JsonSchema>>).map(([name, { type }]) => [name, type]);
  return { types, required };
}

function plainMedia(part: ReturnType<typeof sentParts>[number] | ContentPart | undefined): unknown {
  if (part === undefined || !("type" in part)) return part;
  const content = part.type === "image" ? part.image : part.type === "file" ? part.file : undefined;
  if (content === undefined || "url" in content) return part;
  const { mediaType, data }: Media = content;
  return { type: part.type, mediaType: mediaType.replace(/^audio\/(x-wav|wave?)$/, "audio/wav"), data: [...data] };
}

/** A request with all that this model takes. */
function everything({ options: { lacks } }: ModelCaseContext): ModelRequest {
  const call = { type: "tool-call", id: "call_1", name: "look_up", input: { key: "a" } } as const;
  const history = [
    { role: "assistant", content: [{ type: "reasoning", text: "Hm.", signature: "proof" }, { type: "text", text: "I look." }, call] },
    { role: "tool", content: [{ type: "tool-result", id: "call_1", name: "look_up", content: "found" }] },
  ] as const;
  return structuredClone({
    messages: [{ role: "system", content: "Be brief." }, { role: "user", content: "Hello." }, ...(lacks.tools === undefined ? history : [])],
    stop: ["</end>"],
    ...(lacks.tools === undefined && { tools: withTools.tools, toolChoice: "auto" as const }),
    ...(lacks.responseSchema === undefined && { responseSchema }),
  });
}

function frozen<Value>(value: Value): Value {
  if (typeof value !== "object" || value === null) return value;
  for (const item of Object.values(value)) frozen(item);
  return Object.freeze(value);
}
