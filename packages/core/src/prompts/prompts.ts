import type { ToolSignature } from "../executor.ts";
import type { ModelTool } from "../model.ts";
import type { CodeTags } from "../parse-code.ts";
import type { JsonSchema } from "../schema.ts";
import type { Value } from "../value.ts";
import { showValue, typeName } from "./observation.ts";
import { renderSignature } from "./signatures.ts";

/** What the system prompt is made from. */
export interface PromptContext {
  readonly language: "python" | "javascript";
  readonly tools: readonly ToolSignature[];
  readonly authorizedImports: readonly string[] | undefined;
  readonly tags: CodeTags;
  readonly structured: boolean;
  /** Typed answers: what final_answer must be given. */
  readonly answerSchema: JsonSchema | undefined;
  readonly instructions: string | undefined;
}

export interface ToolCallingContext {
  readonly tools: readonly ModelTool[];
  readonly answerSchema: JsonSchema | undefined;
  readonly instructions: string | undefined;
}

export interface LastAnswerContext {
  readonly limit: string;
  readonly task: string;
  readonly answerSchema: JsonSchema | undefined;
}

export interface PlanContext {
  /** False: a plan is there, and a better one is asked for. */
  readonly isFirst: boolean;
  readonly remainingSteps: number;
  /** Names of tools and managed agents. */
  readonly tools: readonly string[];
}

export interface ManagedTaskContext {
  /** Of the managed agent. */
  readonly name: string;
  readonly task: string;
}

/** Makes a text. `standard` is the kernel's own, to be extended. */
export type PromptTemplate<Context> = (context: Context, standard: string) => string;

/** The texts of the kernel, each replaceable. */
export interface PromptTemplates {
  /** Of a {@link CodeAgent}. */
  readonly system: PromptTemplate<PromptContext>;
  /** Of a {@link ToolCallingAgent}. */
  readonly toolCallingSystem: PromptTemplate<ToolCallingContext>;
  /** Asks for a plan, the first or a new one. */
  readonly plan: PromptTemplate<PlanContext>;
  /** A managed agent's task, as it reads it. */
  readonly managedTask: PromptTemplate<ManagedTaskContext>;
  /** Asks for the answer when a limit ends the run. */
  readonly lastAnswer: PromptTemplate<LastAnswerContext>;
}

/** The templates with what they are standard for. */
export type Prompts = { readonly [Name in keyof PromptTemplates]: (context: Parameters<PromptTemplates[Name]>[0]) => string };

const standard: Prompts = { system: systemPrompt, toolCallingSystem, plan, managedTask, lastAnswer };

/** The kernel's texts with the user's in their place. Throws TypeError for a template that doesn't exist or is no function. */
export function promptTemplates(own: Partial<PromptTemplates> = {}): Prompts {
  for (const [name, template] of Object.entries(own)) {
    if (!Object.hasOwn(standard, name))
      throw new TypeError(`Expected \`promptTemplates\` to have only ${Object.keys(standard).join(", ")}, got \`${name}\``);
    if (template !== undefined && typeof template !== "function")
      throw new TypeError(`Expected \`promptTemplates.${name}\` to be a function (context, standard) => text, got ${typeof template}`);
  }
  const render = (name: keyof PromptTemplates) => (context: never) => {
    const text = (standard[name] as (context: never) => string)(context);
    const template = own[name] as PromptTemplate<never> | undefined;
    return template === undefined ? text : template(context, text);
  };
  return Object.fromEntries((Object.keys(standard) as (keyof PromptTemplates)[]).map((name) => [name, render(name)])) as unknown as Prompts;
}

function systemPrompt(context: PromptContext): string {
  const write = context.structured ? structuredAction : taggedAction;
  const parts = [
    introduction(context),
    context.language === "python" ? pythonExamples(context, write) : javascriptExamples(context, write),
    tools(context),
    rules(context),
    context.instructions?.trim(),
  ];
  return parts.filter(Boolean).join("\n\n");
}

const previewCharacters = 120;
const previewItems = 40;

/** The task as the model reads it; of each variable its name, type and how it begins. Without a sandbox they are values that can be passed on by name. */
export function describeTask(task: string, variables: Readonly<Record<string, Value>> = {}, hasSandbox = true): string {
  const lines = Object.entries(variables).map(([name, value]) => {
    const shown = showValue(Array.isArray(value) ? value.slice(0, previewItems) : value)
      .slice(0, previewCharacters)
      .replaceAll(/\s+/g, " ");
    return `- ${name} (${typeName(value)}): ${shown}${shown.length === previewCharacters ? " …" : ""}`;
  });
  const what = hasSandbox ? "These variables are defined in the sandbox:" : "These values are stored; to pass one to a tool, give its name:";
  return lines.length === 0 ? `New task:\n${task}` : `New task:\n${task}\n\n${what}\n${lines.join("\n")}`;
}

type WriteAction = (thought: string, code: string, context: PromptContext) => string;

function taggedAction(thought: string, code: string, { tags }: PromptContext): string {
  return `Thought: ${thought}\n${tags.open}\n${code}\n${tags.close}`;
}

function structuredAction(thought: string, code: string): string {
  return JSON.stringify({ thought, code });
}

function introduction({ language, structured, tags }: PromptContext): string {
  const name = language === "python" ? "Python" : "JavaScript";
  const form = structured
    ? 'answer with one JSON object {"thought": …, "code": …}: your reasoning, then the program'
    : `write "Thought:" with your reasoning, then the program between ${tags.open} and ${tags.close}`;
  return `You solve tasks by writing ${name} programs. You work in steps. In each step, ${form}. The program runs in a sandbox and you receive an "Observation:" with what it printed and the value of its last line. Go on until you know the answer, then end by calling final_answer(answer) in a program.`;
}

function pythonExamples(context: PromptContext, write: WriteAction): string {
  return `Examples (their tools are not yours):
---
Task: "How many of the numbers below 1000 are divisible by 7 but not by 5?"
${write("I can count them and answer at once.", "count = sum(1 for n in range(1000) if n % 7 == 0 and n % 5 != 0)\nfinal_answer(count)", context)}
---
Task: "Which is larger, the population of Lagos or of Cairo?"
${write("I don't know the form of what search returns, so I print it before I use it.", 'for city in ["Lagos", "Cairo"]:\n    print(city, search(f"population of {city}"))', context)}
Observation:
Lagos Lagos has 15.9 million inhabitants (2024).
Cairo Cairo: about 10.2 million people.
${write("Lagos has 15.9 million, Cairo 10.2 million.", 'final_answer("Lagos")', context)}
---
Task: "What do the three cheapest laptops cost together?"
${write("list_products gives records; I'll look at one and sum in the same program.", 'products = list_products(category="laptop")\nprint(products[0])\nprices = sorted(p["price"] for p in products)\nsum(prices[:3])', context)}
Observation:
{'name': 'Air', 'price': '899 EUR'}
TypeError: unsupported operand type(s) for +: 'int' and 'str' (line 4)
${write("The prices are text such as '899 EUR'. `products` is still there.", 'prices = sorted(float(p["price"].split()[0]) for p in products)\nfinal_answer(sum(prices[:3]))', context)}`;
}

function javascriptExamples(context: PromptContext, write: WriteAction): string {
  return `Examples (their tools are not yours):
---
Task: "How many of the numbers below 1000 are divisible by 7 but not by 5?"
${write("I can count them and answer at once.", "let count = 0;\nfor (let n = 0; n < 1000; n++) if (n % 7 === 0 && n % 5 !== 0) count++;\nfinal_answer(count);", context)}
---
Task: "Which is larger, the population of Lagos or of Cairo?"
${write("I don't know the form of what search returns, so I print it before I use it.", 'for (const city of ["Lagos", "Cairo"]) console.log(city, await search(`population of ${city}`));', context)}
Observation:
Lagos Lagos has 15.9 million inhabitants (2024).
Cairo Cairo: about 10.2 million people.
${write("Lagos has 15.9 million, Cairo 10.2 million.", 'final_answer("Lagos");', context)}
---
Task: "What do the three cheapest laptops cost together?"
${write("The records may hold prices as text; I look at one first.", 'const products = await list_products("laptop");\nconsole.log(products[0]);', context)}
Observation:
{ name: 'Air', price: '899 EUR' }
${write("Prices are text. `products` is still there.", "const prices = products.map((p) => parseFloat(p.price)).sort((a, b) => a - b);\nfinal_answer(prices[0] + prices[1] + prices[2]);", context)}`;
}

function tools({ tools: signatures, language, tags }: PromptContext): string {
  if (signatures.length === 0) return "You have no tools but the language itself and final_answer.";
  const rendered = signatures.map((signature) => renderSignature(signature, language)).join("\n\n");
  return `You may call these functions in your code; they are defined already:\n${tags.open}\n${rendered}\n${tags.close}`;
}

function rules({ language, authorizedImports, structured, tags, answerSchema }: PromptContext): string {
  const python = language === "python";
  return `Rules:
1. ${structured ? 'Every answer has "thought" and "code".' : `Every answer has a thought and one program between ${tags.open} and ${tags.close}.`} Text alone does nothing.
2. Use only variables you have defined. State lives on: variables, functions and imports of earlier steps are still there.
3. Call functions with the parameters of their signature${python ? ", as f(name=value)" : ""}, not with one ${python ? "dict" : "object"}.
4. Print what you need to see; only printed text and the last line's value come back. Don't print large data: compute on it.
5. When you don't know the form of a result, print it and go on in the next step. Otherwise do as much as you can in one program, with loops.
6. Don't repeat a call that you have already made with the same arguments; keep its result.
7. Never name a variable like a tool or final_answer.
8. Don't invent results, and don't assume what a call returns.
${python ? `9. ${imports(authorizedImports)}\n10` : "9"}. After an error, read it and change the program; after several, try another way. Don't give up: solve the task, don't describe how.
${answerSchema === undefined ? "" : `final_answer must be given a value of this JSON schema: ${JSON.stringify(answerSchema)}\n`}Begin with the task that follows.`;
}

function imports(authorized: readonly string[] | undefined): string {
  if (authorized === undefined || authorized.includes("*")) return "You may import the standard library and installed packages.";
  return `Import only harmless modules of the standard library${authorized.length > 0 ? ` and: ${authorized.join(", ")}` : ""}.`;
}

function lastAnswer({ limit, task, answerSchema }: LastAnswerContext): string {
  const form =
    answerSchema === undefined
      ? "as plain text without code"
      : `as one JSON object {"answer": …}, the answer of this schema: ${JSON.stringify(answerSchema)}`;
  return `You have reached the limit of ${limit} and can't run code any more. Answer this task now, from what you have found so far, ${form}.\nTask: ${task}`;
}

function toolCallingSystem({ tools, answerSchema, instructions }: ToolCallingContext): string {
  const names =
    tools.length === 0 ? "You have no tools but final_answer." : `Your tools are ${tools.map(({ name }) => name).join(", ")}, and final_answer.`;
  const parts = [
    `You solve tasks by calling tools. You work in steps: in each one, call one or several tools; you receive their results and go on. ${names} When you know the answer, call final_answer with it: only that ends the task.

Example (its tools are not yours):
---
Task: "Which is larger, the population of Lagos or of Cairo?"
You call search(query="population of Lagos") and search(query="population of Cairo") together.
The results say "Lagos has 15.9 million inhabitants (2024)." and "about 10.2 million people".
You call final_answer(answer="Lagos").`,
    `Rules:
1. Every answer calls at least one tool. Text alone does nothing.
2. Give each argument its value: not the name of a variable, and not an expression. Where a result was stored under a name, pass that name.
3. Calls that don't need each other's results go together in one answer.
4. Don't repeat a call that you have already made with the same arguments; use its result.
5. Don't invent results. After an error, read it and change the call; after several, try another way.
${
  answerSchema === undefined
    ? ""
    : `final_answer must be given an \`answer\` of this JSON schema: ${JSON.stringify(answerSchema)}
`
}Begin with the task that follows.`,
    instructions?.trim(),
  ];
  return parts.filter(Boolean).join("\n\n");
}

function plan({ isFirst, remainingSteps, tools }: PlanContext): string {
  const first = `Before you begin, write a plan for the task, and nothing else: no code and no tool calls now.
1. Facts: what the task gives you, what you have to look up and where, what you have to work out.
2. Plan: the steps to the answer, each with the tool it needs.`;
  const next = `Stop here and write a new plan for what is left of the task, and nothing else: no code and no tool calls now.
1. Facts: what you have found so far, what is still to look up or to work out, and what turned out wrong.
2. Plan: the steps from here to the answer.`;
  const names = tools.length === 0 ? "You have no tools." : `The tools are: ${tools.join(", ")}.`;
  return `${isFirst ? first : next}\n${names} You have ${remainingSteps} ${remainingSteps === 1 ? "step" : "steps"} left.`;
}

function managedTask({ name, task }: ManagedTaskContext): string {
  return `You are "${name}", a member of a team. Your manager gives you this task and sees nothing of your work but your final answer: put into it all that was asked for and what is needed to understand it. If you can't solve the task, say in the answer what you tried and what you found.\n---\n${task}`;
}
