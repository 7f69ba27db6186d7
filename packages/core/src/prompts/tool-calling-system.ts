import type { ToolCallingContext } from "./templates.ts";

/** What a tool calling agent is told first. */
export function toolCallingSystem({ tools, answerSchema, instructions }: ToolCallingContext): string {
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
