import type { JsonSchema } from "../schema.ts";
import { renderSignature } from "./signatures.ts";
import type { PromptContext } from "./templates.ts";

/** The response schema of the structured mode. */
export const structuredSchema: { readonly name: string; readonly schema: JsonSchema } = {
  name: "action",
  schema: {
    type: "object",
    properties: { thought: { type: "string" }, code: { type: "string" } },
    required: ["thought", "code"],
    additionalProperties: false,
  },
};

/** What a code agent is told first, with examples in its language. */
export function codeSystem(context: PromptContext, programs: ExamplePrograms): string {
  const write = context.structured ? structuredAction : taggedAction;
  const parts = [introduction(context), examples(context, programs, write), tools(context), rules(context), context.instructions?.trim()];
  return parts.filter(Boolean).join("\n\n");
}

/** What the examples show, in one language: programs, the thought before two of them, and what is seen in between. */
export interface ExamplePrograms {
  readonly count: string;
  readonly search: string;
  readonly answer: string;
  readonly beforeLook: string;
  readonly look: string;
  readonly seen: string;
  readonly beforeSum: string;
  readonly sum: string;
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

function examples(context: PromptContext, programs: ExamplePrograms, write: WriteAction): string {
  return `Examples (their tools are not yours):
---
Task: "How many of the numbers below 1000 are divisible by 7 but not by 5?"
${write("I can count them and answer at once.", programs.count, context)}
---
Task: "Which is larger, the population of Lagos or of Cairo?"
${write("I don't know the form of what search returns, so I print it before I use it.", programs.search, context)}
Observation:
Lagos Lagos has 15.9 million inhabitants (2024).
Cairo Cairo: about 10.2 million people.
${write("Lagos has 15.9 million, Cairo 10.2 million.", programs.answer, context)}
---
Task: "What do the three cheapest laptops cost together?"
${write(programs.beforeLook, programs.look, context)}
Observation:
${programs.seen}
${write(programs.beforeSum, programs.sum, context)}`;
}

export const pythonPrograms: ExamplePrograms = {
  count: "count = sum(1 for n in range(1000) if n % 7 == 0 and n % 5 != 0)\nfinal_answer(count)",
  search: 'for city in ["Lagos", "Cairo"]:\n    print(city, search(f"population of {city}"))',
  answer: 'final_answer("Lagos")',
  beforeLook: "list_products gives records; I'll look at one and sum in the same program.",
  look: 'products = list_products(category="laptop")\nprint(products[0])\nprices = sorted(p["price"] for p in products)\nsum(prices[:3])',
  seen: "{'name': 'Air', 'price': '899 EUR'}\nTypeError: unsupported operand type(s) for +: 'int' and 'str' (line 4)",
  beforeSum: "The prices are text such as '899 EUR'. `products` is still there.",
  sum: 'prices = sorted(float(p["price"].split()[0]) for p in products)\nfinal_answer(sum(prices[:3]))',
};

function tools({ tools: signatures, language, tags }: PromptContext): string {
  if (signatures.length === 0) return "You have no tools but the language itself and final_answer.";
  const rendered = signatures.map((signature) => renderSignature(signature, language)).join("\n\n");
  return `You may call these functions in your code; they are defined already:\n${tags.open}\n${rendered}\n${tags.close}`;
}

function rules({ language, authorizedImports, structured, tags, answerSchema }: PromptContext): string {
  const python = language === "python";
  const modules = python ? pythonImports(authorizedImports) : javascriptImports(authorizedImports);
  return `Rules:
1. ${structured ? 'Every answer has "thought" and "code".' : `Every answer has a thought and one program between ${tags.open} and ${tags.close}.`} Text alone does nothing.
2. Use only variables you have defined. State lives on: variables, functions and imports of earlier steps are still there.
3. Call functions with the parameters of their signature${python ? ", as f(name=value)" : ""}, not with one ${python ? "dict" : "object"}.
4. Print what you need to see; only printed text and the last line's value come back. Don't print large data: compute on it.
5. When you don't know the form of a result, print it and go on in the next step. Otherwise do as much as you can in one program, with loops.
6. Don't repeat a call that you have already made with the same arguments; keep its result.
7. Never name a variable like a tool or final_answer.
8. Don't invent results, and don't assume what a call returns.
${modules === "" ? "9" : `9. ${modules}\n10`}. After an error, read it and change the program; after several, try another way. Don't give up: solve the task, don't describe how.
${answerSchema === undefined ? "" : `final_answer must be given a value of this JSON schema: ${JSON.stringify(answerSchema)}\n`}Begin with the task that follows.`;
}

function pythonImports(authorized: readonly string[] | undefined): string {
  if (authorized === undefined || authorized.includes("*")) return "You may import the standard library and installed packages.";
  return `Import only harmless modules of the standard library${authorized.length > 0 ? ` and: ${authorized.join(", ")}` : ""}.`;
}

function javascriptImports(authorized: readonly string[] | undefined): string {
  if (authorized === undefined || authorized.includes("*")) return "";
  return authorized.length > 0 ? `Import only these modules: ${authorized.join(", ")}.` : "Import no modules.";
}
