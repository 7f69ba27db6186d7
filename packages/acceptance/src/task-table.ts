import {
  type AgentOptions,
  type AnyTool,
  type Media,
  type Message,
  type ModelResponse,
  noUsage,
  type RunOptions,
  type Tool,
  tool,
} from "@codelet/core";
import { jsonSchema } from "@codelet/core/json-schema";
import { z } from "zod";

/** A turn of an agent that calls tools: calls as name and arguments, made from what the turn before has seen. */
export type Turn = readonly (readonly [name: string, input: object])[] | string;
export type ToolTurn = Turn | ((seen: readonly string[]) => Turn);

/** One task as both kinds of agent solve it. */
export interface Task {
  readonly name: string;
  /** Programs, or texts that hold none, in order; the run's model says them. */
  readonly code: readonly string[];
  readonly calls: readonly ToolTurn[];
  /** What the result looks like, whoever solves it. */
  readonly result: object;
  readonly options?: Partial<AgentOptions<never>>;
  readonly run?: RunOptions;
  /** Told by the model in the first place, in both kinds. */
  readonly plan?: string;
  /** Of the agent called helper, if there is one: which kind it is, and what it does. */
  readonly helper?: { readonly kind: "code" | "tool-calling"; readonly code: readonly string[]; readonly calls: readonly ToolTurn[] };
  /** What was noted by the tool `note`. */
  readonly notes?: readonly string[];
  readonly isPlain?: boolean;
  readonly fails?: number;
  /** What the first prompt of the model has to hold. */
  readonly prompt?: RegExp;
}

const answer = (value: unknown): Turn => [["final_answer", { answer: value }]];
const pixels: Media = { mediaType: "image/png", data: new Uint8Array([137, 80, 78, 71, 13, 10, 26, 10, 0]) };

/** The tools of one run, and what they noted. */
export function toolbox(): { readonly tools: readonly AnyTool[]; readonly notes: string[] } {
  const notes: string[] = [];
  let tries = 0;
  const prices: Readonly<Record<string, number>> = { tea: 3.5, milk: 1.25, bread: 2 };
  const price = tool({
    ...{ name: "price", description: "The price of an item.", input: z.object({ item: z.string() }), output: z.number() },
    execute: ({ item }) => {
      const found = prices[item];
      if (found === undefined) throw new Error(`nobody sells ${item}`);
      return found;
    },
  });
  const flaky = tool({
    ...{ name: "flaky", description: "Works the second time.", input: z.object({}) },
    execute: () => {
      if (++tries === 1) throw new Error("busy");
      return "worked";
    },
  });
  const note = tool({
    ...{ name: "note", description: "Notes a text.", input: z.object({ text: z.string() }) },
    execute: ({ text }) => notes.push(text),
  });
  const weather = tool({
    ...{ name: "weather", description: "The weather of a city.", input: z.object({ city: z.string() }) },
    output: z.object({ city: z.string(), celsius: z.number(), words: z.array(z.string()) }),
    execute: ({ city }) => ({ city, celsius: city === "Paris" ? 14 : 21, words: ["mild", "dry"] }),
  });
  const total = tool({
    ...{ name: "total", description: "Sums numbers.", input: z.object({ numbers: z.array(z.number()) }) },
    execute: ({ numbers }) => numbers.reduce((sum, each) => sum + each, 0),
  });
  const draw = tool({ ...{ name: "draw", description: "Draws a picture.", input: z.object({}) }, execute: () => pixels });
  const weigh: Tool<{ readonly image: Media }, number> = tool({
    ...{
      name: "weigh",
      description: "Bytes of a picture.",
      input: jsonSchema<{ readonly image: Media }>({ type: "object", properties: { image: {} }, required: ["image"] }),
    },
    execute: ({ image }) => image.data.length,
  });
  const pay = tool({
    ...{ name: "pay", description: "Pays.", input: z.object({ amount: z.number() }), needsApproval: true },
    execute: ({ amount }) => {
      notes.push(`paid ${amount}`);
      return "paid";
    },
  });
  return { tools: [price, flaky, note, weather, total, draw, weigh, pay], notes };
}

export const tasks: readonly Task[] = [
  {
    name: "arithmetic over the results of tools",
    code: ['final_answer(sum(price(item=item) for item in ["tea", "milk"]))'],
    calls: [
      [
        ["price", { item: "tea" }],
        ["price", { item: "milk" }],
      ],
      ([tea, milk]) => answer(Number(tea) + Number(milk)),
    ],
    result: { state: "success", output: 4.75 },
  },
  {
    name: "an answer of a type, wrong at first",
    code: ['final_answer("14 degrees")', 'now = weather(city="Paris")\nfinal_answer({"city": now["city"], "celsius": now["celsius"]})'],
    calls: [
      answer("14 degrees"),
      [["weather", { city: "Paris" }]],
      ([seen = ""]) => answer((({ city, celsius }) => ({ city, celsius }))(JSON.parse(seen))),
    ],
    options: { output: z.object({ city: z.string(), celsius: z.number() }) as never },
    result: { state: "success", output: { city: "Paris", celsius: 14 } },
  },
  {
    name: "a tool that fails and is tried again",
    code: ["print(flaky())", "final_answer(flaky())"],
    calls: [[["flaky", {}]], [["flaky", {}]], ([seen]) => answer(seen)],
    result: { state: "success", output: "worked" },
  },
  {
    name: "a wrong argument, repaired",
    code: ['price(product="tea")', 'final_answer(price(item="tea"))'],
    calls: [
      [["price", { product: "tea" }]],
      ([seen = ""]) => [["price", seen.includes("no parameter") ? { item: "tea" } : {}]],
      ([seen]) => answer(Number(seen)),
    ],
    result: { state: "success", output: 3.5 },
  },
  {
    name: "calls side by side",
    code: [
      'import asyncio\nasync def all_of_them():\n    return await asyncio.gather(*(price.aio(item=item) for item in ["bread", "tea", "milk"]))\nfinal_answer(list(await all_of_them()))',
    ],
    calls: [["bread", "tea", "milk"].map((item) => ["price", { item }] as const), (seen) => answer(seen.map(Number))],
    result: { state: "success", output: [2, 3.5, 1.25] },
  },
  {
    name: "one of several calls fails, and the others count",
    code: [
      'found = {}\nfor item in ["tea", "gold", "bread"]:\n    try:\n        found[item] = price(item=item)\n    except Exception as error:\n        found[item] = "nobody sells gold" in str(error)\nfinal_answer(found)',
    ],
    calls: [
      ["tea", "gold", "bread"].map((item) => ["price", { item }] as const),
      ([tea, gold, bread]) => answer({ tea: Number(tea), gold: gold?.includes("nobody sells gold"), bread: Number(bread) }),
    ],
    result: { state: "success", output: { tea: 3.5, gold: true, bread: 2 } },
  },
  {
    name: "a picture that goes from one tool to another",
    code: ["picture = draw()", "final_answer(weigh(image=picture))"],
    calls: [[["draw", {}]], ([seen = ""]) => [["weigh", { image: /"(.+?)"/.exec(seen)?.[1] }]], ([seen]) => answer(Number(seen))],
    result: { state: "success", output: 9 },
  },
  {
    name: "an agent that manages a code agent",
    code: ['final_answer(helper(task="the price of tea"))'],
    calls: [[["helper", { task: "the price of tea" }]], ([seen]) => answer(seen)],
    helper: { kind: "code", code: ['final_answer("tea costs " + str(price(item="tea")))'], calls: [] },
    result: { state: "success", output: "tea costs 3.5" },
  },
  {
    name: "an agent that manages a tool-calling agent",
    code: ['final_answer(helper(task="the price of tea", additional_args={"thing": "tea"}))'],
    calls: [[["helper", { task: "the price of tea", additional_args: { thing: "tea" } }]], ([seen]) => answer(seen)],
    helper: { kind: "tool-calling", code: [], calls: [[["price", { item: "thing" }]], ([seen]) => answer(`tea costs ${seen}`)] },
    result: { state: "success", output: "tea costs 3.5" },
  },
  {
    name: "a plan first",
    plan: "1. Ask for the price. 2. Answer.",
    code: ['final_answer(price(item="milk"))'],
    calls: [[["price", { item: "milk" }]], ([seen]) => answer(Number(seen))],
    options: { planningInterval: 5 },
    result: { state: "success", output: 1.25 },
  },
  {
    name: "a limit, and a last answer",
    code: ['price(item="tea")', "It costs 3.50."],
    calls: [[["price", { item: "tea" }]], "It costs 3.50."],
    options: { maxSteps: 1 },
    result: { state: "limit", limit: "steps", output: "It costs 3.50." },
  },
  {
    name: "a budget of tool calls",
    code: ['for item in ["tea", "milk", "bread"]:\n    print(price(item=item))', "At least 4.75."],
    calls: [["tea", "milk", "bread"].map((item) => ["price", { item }] as const), "At least 4.75."],
    options: { budget: { toolCalls: 2 } },
    result: { state: "limit", limit: "toolCalls", output: "At least 4.75." },
  },
  {
    name: "a call that the policy refuses",
    code: ['try:\n    note(text="x")\nexcept Exception as error:\n    final_answer("no notes today" in str(error))'],
    calls: [[["note", { text: "x" }]], ([seen = ""]) => answer(seen.includes("no notes today"))],
    options: { toolPolicy: ({ tool: name }) => (name === "note" ? { deny: "no notes today" } : "allow") },
    result: { state: "success", output: true },
    notes: [],
  },
  {
    name: "a call that the policy rewrites",
    code: ['note(text="the pin is 1234")', 'final_answer("noted")'],
    calls: [[["note", { text: "the pin is 1234" }]], answer("noted")],
    options: { toolPolicy: ({ tool: name }) => (name === "note" ? { rewrite: { text: "the pin is ****" } } : "allow") },
    result: { state: "success", output: "noted" },
    notes: ["the pin is ****"],
  },
  {
    name: "a call that has to be approved, and is approved for less",
    code: ["final_answer(pay(amount=100))"],
    calls: [[["pay", { amount: 100 }]], ([seen]) => answer(seen)],
    run: { approve: () => ({ approve: true, input: { amount: 5 } }) },
    result: { state: "success", output: "paid" },
    notes: ["paid 5"],
  },
  {
    name: "instructions of one's own",
    code: ['final_answer("ahoy")'],
    calls: [answer("ahoy")],
    options: { instructions: "Speak like a sailor." },
    prompt: /Speak like a sailor\./,
    result: { state: "success", output: "ahoy" },
  },
  {
    name: "values that are given with the task",
    code: ["final_answer(total(numbers=data))"],
    calls: [[["total", { numbers: "data" }]], ([seen]) => answer(Number(seen))],
    run: { additionalArgs: { data: Array.from({ length: 1_000 }, (_, index) => index) } },
    prompt: /data \(list of 1000\)/,
    result: { state: "success", output: 499_500 },
  },
  {
    name: "a model that doesn't stream",
    isPlain: true,
    code: ['words = weather(city="Rome")["words"]', "final_answer(words)"],
    calls: [[["weather", { city: "Rome" }]], ([seen = ""]) => answer(JSON.parse(seen).words)],
    result: { state: "success", output: ["mild", "dry"] },
  },
  {
    name: "a model that is overloaded twice",
    fails: 2,
    code: ['final_answer(price(item="bread"))'],
    calls: [[["price", { item: "bread" }]], ([seen]) => answer(Number(seen))],
    options: { retry: { firstDelayMs: 1 } },
    result: { state: "success", output: 2 },
  },
  {
    name: "an answer beside other calls",
    code: ['note(text="a")\nnote(text="b")\nfinal_answer("done")'],
    calls: [
      [
        ["note", { text: "a" }],
        ["final_answer", { answer: "done" }],
        ["note", { text: "b" }],
      ],
    ],
    result: { state: "success", output: "done" },
    notes: ["a", "b"],
  },
  {
    name: "an answer that a check sends back",
    code: ["final_answer(1)", "final_answer(2)"],
    calls: [answer(1), answer(2)],
    options: { finalAnswerChecks: [(value: never) => value === 2 || "too small"] as never },
    result: { state: "success", output: 2 },
  },
  {
    name: "a tool that does not exist, and a text without an action",
    code: ['cost("tea")', "I think it is 3.50.", 'final_answer(price(item="tea"))'],
    calls: [[["cost", { item: "tea" }]], "I think it is 3.50.", [["price", { item: "tea" }]], ([seen]) => answer(Number(seen))],
    result: { state: "success", output: 3.5 },
  },
  {
    name: "an answer of many shapes",
    code: ['final_answer({"text": "žluťoučký 🐎", "none": None, "list": [1, 2.5, [True]], "deep": {"a": {"b": "c"}}})'],
    calls: [answer({ text: "žluťoučký 🐎", none: null, list: [1, 2.5, [true]], deep: { a: { b: "c" } } })],
    result: { state: "success", output: { text: "žluťoučký 🐎", none: null, list: [1, 2.5, [true]], deep: { a: { b: "c" } } } },
  },
];

/** What a model says for a turn. */
export function responseOf(turn: ToolTurn, messages: readonly Message[]): ModelResponse {
  const said = typeof turn === "function" ? turn(seenIn(messages)) : turn;
  if (typeof said === "string") return { content: [{ type: "text", text: said }], usage: noUsage, finishReason: "stop" };
  const content = said.map(
    ([name, input], index) => ({ type: "tool-call", id: `${messages.length}-${index}`, name, input: input as never }) as const,
  );
  return { content, usage: noUsage, finishReason: "tool-calls" };
}

/** The results of the newest calls, as the model is shown them. */
function seenIn(messages: readonly Message[]): readonly string[] {
  const content = messages.findLast(({ role }) => role === "tool")?.content ?? [];
  return typeof content === "string" ? [content] : content.flatMap((part) => (part.type === "tool-result" ? [part.content] : []));
}
