import { type Journal, type JournalFactory, type ModelFunction, noUsage, ToolCallingAgent, tool } from "@codelet/core";
import { jsonSchema } from "@codelet/core/json-schema";
import { later, never } from "./journal-case.ts";

const members = ["ann", "bob"];
const rounds = [["1", "2", "3"], ["4"]];

/** A manager and two members that work side by side, each with calls side by side on which a policy decides. Gives the answer; `effects` are keys of calls. */
export async function runTeam(journal: JournalFactory, runId: string, effects: string[]): Promise<unknown> {
  const act = tool({
    ...{ name: "act", description: "Acts.", input: jsonSchema<object>({ type: "object" }) },
    execute: async (_, { idempotencyKey }) => {
      effects.push(idempotencyKey);
      await later(Math.random() * 4);
      return "acted";
    },
  });
  const acting = rounds.map((ids) => ids.map((id) => ({ id, name: "act", input: {} })));
  const ends = (answer: string) => [{ id: "end", name: "final_answer", input: { answer } }];
  const toolPolicy = () => later(Math.random() * 4).then(() => "allow" as const);
  const managedAgents = members.map(
    (name) => new ToolCallingAgent({ name, description: "Helps.", tools: [act], toolPolicy, model: says([...acting, ends(name)]) }),
  );
  const calls = members.map((name) => ({ id: name, name, input: { task: "Act." } }));
  const manager = new ToolCallingAgent({ managedAgents, journal, model: says([calls, ends("done")]) });
  const result = await manager.run("Act.", { runId });
  return result.state === "success" ? result.output : result;
}

/** The keys of all calls of a team's run. */
export function callsOfTeam(runId: string): readonly string[] {
  const steps = rounds.flatMap((ids, index) => ids.map((id) => `${index + 1}/tool.${id}.act`));
  return members.flatMap((name) => steps.map((step) => `${runId}/1/tool.${name}.${name}/${step}`)).sort();
}

interface Call {
  readonly id: string;
  readonly name: string;
  readonly input: { readonly [name: string]: string };
}

/** Answers by how many answers there were before: a process that goes on with a run has a model of its own. */
function says(answers: readonly (readonly Call[])[]): ModelFunction {
  return async ({ messages }) => {
    const calls = answers[messages.filter(({ role }) => role === "assistant").length] ?? [];
    return { content: calls.map((call) => ({ type: "tool-call", ...call })), usage: noUsage, finishReason: "tool-calls" };
  };
}

/** Until so many operations have been recorded: then the journal says nothing more, as in a process that is dead. */
export function stopping(entries: number, begin: (stop: (journal: JournalFactory) => JournalFactory) => Promise<unknown>): Promise<void> {
  return new Promise((resolve, reject) => {
    let left = entries;
    const wrapped = (journal: Journal): Journal => ({
      ...journal,
      call: async (...args) => {
        if (left <= 0) return never;
        const outcome = await journal.call(...args);
        if (--left <= 0) resolve();
        return left <= 0 ? never : (outcome as never);
      },
      child: (key) => wrapped(journal.child(key)),
    });
    begin((journal) => (run) => wrapped(journal(run))).then(() => resolve(), reject);
  });
}
