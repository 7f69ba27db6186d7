// `node host.mjs "How many lines has /etc/services?"`, after `docker build -t codelet-agent .`
import { runInContainer } from "./run-in-container.mjs";

const [task = "What is the 100th prime number?"] = process.argv.slice(2);
const { OPENAI_API_KEY: apiKey, OPENAI_BASE_URL: baseURL, MODEL: modelId = "gpt-5-mini" } = process.env;

for await (const event of runInContainer({ image: "codelet-agent", task, modelId, baseURL, apiKey })) {
  if (event.type === "code") console.log(`\n${event.code}\n`);
  if (event.type === "output-delta") process.stdout.write(event.text);
  if (event.type === "run-end") console.log(event.state, event.output ?? event.error);
}
