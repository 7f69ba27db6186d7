// A host of its own, to be started as another user or to be killed. Arguments: options and code as JSON. Prints the step's execution as JSON.
import { evaluate, openLocal } from "./evaluate.ts";

const [options = "{}", code = "''"] = process.argv.slice(2);
const session = await openLocal(JSON.parse(options));
if (process.send === undefined) {
  console.log(JSON.stringify(await evaluate(session, JSON.parse(code))));
  await session[Symbol.asyncDispose]();
} else {
  process.send("open");
  await evaluate(session, JSON.parse(code));
}
