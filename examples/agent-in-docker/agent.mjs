// Runs in the container: the agent, its model calls, its tools and its code. What happens goes out as one line of JSON for each event.
import { CodeAgent, tool } from "@codelet/core";
import { encodeValue } from "@codelet/core/value-codec";
import { localExecutor } from "@codelet/executor-local";
import { openai } from "@codelet/model-openai";
import { z } from "zod";

const { task, modelId, baseURL } = JSON.parse(process.env.AGENT_TASK ?? "{}");

/** A tool that runs in here too: it sees the container's files and network, not the host's. */
const lineCount = tool({
  name: "line_count",
  description: "The number of lines of a file.",
  input: z.object({ path: z.string() }),
  output: z.number().int(),
  execute: async ({ path }) => (await import("node:fs")).readFileSync(path, "utf8").split("\n").length - 1,
});

const agent = new CodeAgent({
  model: openai(modelId, { baseURL }),
  tools: [lineCount],
  executor: localExecutor({ sandbox: "none" }), // the container is the sandbox
});

const stop = new AbortController();
process.once("SIGTERM", () => stop.abort("the container is being stopped"));

const run = agent.start(task, { signal: stop.signal });
for await (const event of run) process.stdout.write(`${JSON.stringify(encodeValue(event))}\n`);
process.exitCode = (await run.result).state === "success" ? 0 : 1;
