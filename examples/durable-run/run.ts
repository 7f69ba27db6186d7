import { DatabaseSync } from "node:sqlite";
import { createAgent } from "./agent.ts";
import { sqliteJournal } from "./sqlite-journal.ts";

const [file = "runs.db", runId = "orders-of-today"] = process.argv.slice(2);
const database = new DatabaseSync(file);

const agent = createAgent(sqliteJournal(database), async (order) => {
  await new Promise((resolve) => setTimeout(resolve, 700));
  console.log(`charging order ${order}`);
  return `receipt ${order}`;
});
const result = await agent.run("Charge the open orders.", { runId });
console.log(result.state === "success" ? result.output : result);
database.close();
