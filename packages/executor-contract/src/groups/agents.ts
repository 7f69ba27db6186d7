import assert from "node:assert/strict";
import { CodeAgent, tool } from "@codelet/core";
import { jsonSchema } from "@codelet/core/json-schema";
import type { ContractCase } from "../contract-case.ts";

const program = (code: string) => async (): Promise<string> => `Thought: go\n<code>\n${code}\n</code>`;

/** Agents in the sandbox: what they call stays on the host. */
export const agentCases: readonly ContractCase[] = [
  {
    name: "a managed agent works in a sandbox of its own, with a tool that keeps a secret",
    async run({ executor }) {
      const secret = `secret-${crypto.randomUUID()}`;
      const opened: string[] = [];
      const unlock = tool({
        name: "unlock",
        description: "Opens the lock.",
        input: jsonSchema<{ name: string }>({ type: "object", properties: { name: { type: "string" } }, required: ["name"] }),
        execute: ({ name }) => {
          opened.push(`${name} ${secret}`);
          return `opened for ${name}`;
        },
      });
      const member = { name: "locksmith", description: "Opens locks." };
      const locksmith = new CodeAgent({ ...member, executor, tools: [unlock], model: program("mine = unlock(name=who)\nfinal_answer(mine)") });
      const manager = new CodeAgent({
        ...{ executor, managedAgents: [locksmith] },
        model: program('answer = locksmith(task="Open it.", additional_args={"who": "Ada"})\nfinal_answer([answer, "mine" in globals()])'),
      });
      const result = await manager.run("Have the lock opened for Ada.");
      assert.deepEqual(result.state === "success" && result.output, ["opened for Ada", false]);
      assert.deepEqual(opened, [`Ada ${secret}`]);
      assert.ok(!JSON.stringify(result.steps).includes(secret));
    },
  },
];
