import { fakeExecutor, scriptedModel } from "@codelet/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { CodeAgent } from "./code-agent.ts";
import { agentTree, describeAgent } from "./describe.ts";
import { jsonSchema } from "./json-schema.ts";
import { tool } from "./tool.ts";
import { ToolCallingAgent } from "./tool-calling-agent.ts";

const executor = fakeExecutor(() => null);
const model = scriptedModel([], { id: "model-1" });

const search = tool({
  name: "search",
  description: "Searches the web.\nNeeds no key.",
  input: z.object({ query: z.string(), limit: z.number().int().default(5) }),
  output: z.array(z.string()),
  ingests: "untrusted",
  reads: "public",
  execute: () => [],
});
const mail = tool({
  name: "send_mail",
  description: "Sends a mail.",
  input: z.object({ to: z.string(), urgent: z.boolean().optional() }),
  needsApproval: ({ urgent }) => urgent === true,
  egress: true,
  execute: () => null,
});
const researcher = new ToolCallingAgent({ model, name: "researcher", description: "Looks things up.", tools: [search], keepsMemory: true });
const manager = new CodeAgent({
  model,
  executor,
  name: "manager",
  tools: [mail],
  managedAgents: [researcher],
  authorizedImports: ["numpy", "pandas.*"],
  output: z.object({ total: z.number() }),
  maxSteps: 8,
  budget: { modelCalls: 40, wallTimeMs: 90_000, costUsd: 0.5 },
  price: () => 0,
  planningInterval: 3,
});

describe("describeAgent", () => {
  it("shows a team as a tree", () => {
    expect(describeAgent(manager)).toBe(`manager (code agent, may wait for approval)
├ model: model-1
├ executor: fake · isolation 0 (none) · network: full · files: host
├ imports: numpy, pandas.*
├ output: {"type":"object","properties":{"total":{"type":"number"}},"required":["total"]}
├ limits: 8 steps · 40 model calls · 90 s · $0.5
├ plans: before the first step, and after every 3
├ tools
│ └ send_mail(to: str, urgent: bool = None)
│   ├ Sends a mail.
│   └ may need approval · sends data out
└ managed agents
  └ researcher (tool-calling agent, keeps its memory): Looks things up.
    ├ model: model-1
    ├ output: any plain value
    ├ limits: 20 steps
    └ tools
      └ search(query: str, limit: int = 5) -> list[str]
        ├ Searches the web. Needs no key.
        └ reads public data · takes in untrusted content
`);
  });

  it("names an executor that isn't loaded yet, and writes signatures as its language does", () => {
    expect(describeAgent(new CodeAgent({ model, executorType: "wasm" }))).toContain("├ executor: wasm (loaded at the first run)\n");
    expect(
      describeAgent(new CodeAgent({ model, executorType: "wasm", authorizedImports: [], budget: { steps: undefined, costUsd: 1 }, price: () => 0 })),
    ).toBe(
      `agent (code agent)
├ model: model-1
├ executor: wasm (loaded at the first run)
├ imports: harmless modules only
├ output: any plain value
├ limits: 20 steps · $1
└ tools
  └ none
`,
    );
    const javascript = fakeExecutor(() => null, { language: "javascript" });
    expect(describeAgent(new CodeAgent({ model, executor: javascript, tools: [search] }))).toContain(
      "search(query: string, limit?: number): Promise<Array<string>>",
    );
  });

  it("makes hostile names and descriptions visible, on one line, and cuts long ones", () => {
    const hostile = "a\u001b[2J\r\nb\u202e\n└ tools: none";
    const schema = { type: "object", properties: { [hostile]: { enum: [hostile], default: hostile }, b: { type: hostile } } };
    const agent = new CodeAgent({
      model: { ...scriptedModel([]), id: hostile },
      executor: { ...executor, name: hostile },
      description: hostile,
      tools: [
        tool({
          name: "f",
          description: hostile + "x".repeat(1_000),
          input: { "~standard": { ...jsonSchema<object>({})["~standard"], jsonSchema: { input: () => schema, output: () => schema } } },
          execute: () => null,
        }),
      ],
    });
    const text = describeAgent(agent);
    expect(text).not.toMatch(/[^\P{Cc}\n]|\u202e/u);
    expect(text.split("\n")).toHaveLength(9);
    expect(text).toContain("a␛[2J b<U+202E> └ tools: none");
    for (const row of text.split("\n")) expect(row.length).toBeLessThan(170);
  });
});

it("agentTree is plain data that survives JSON", () => {
  const tree = agentTree(manager);
  expect(JSON.parse(JSON.stringify(tree))).toEqual(tree);
  expect(tree).toMatchObject({
    ...{ kind: "code", name: "manager", model: "model-1", executor: { name: "fake", isolation: 0 }, maySuspend: true },
    authorizedImports: ["numpy", "pandas.*"],
    tools: [{ name: "send_mail", needsApproval: "sometimes", egress: true }],
    managedAgents: [{ name: "researcher", description: "Looks things up.", tools: [{ signature: expect.stringContaining("-> list[str]") }] }],
  });
});
