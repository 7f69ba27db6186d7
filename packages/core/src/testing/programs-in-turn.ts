import { type Model, noUsage } from "../model.ts";

/** A model that keeps nothing between its answers: a program for each answer that it reads of its own, and "end" once there are no more. */
export function programsInTurn(programs: readonly string[]): Model {
  return {
    id: "stateless",
    generate: async ({ messages }) => {
      const code = programs[messages.filter(({ role }) => role === "assistant").length] ?? "end";
      return { content: [{ type: "text", text: `<code>\n${code}\n</code>` }], usage: noUsage, finishReason: "stop" };
    },
  };
}
