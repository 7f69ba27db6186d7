// A host of its own. Arguments: the file of a session's reference, code. Prints the value of the code in the restored session as JSON.
import { readFileSync } from "node:fs";
import { evaluate, openWasm } from "./evaluate.ts";

const [file = "", code = ""] = process.argv.slice(2);
const session = await openWasm({}, { restore: JSON.parse(readFileSync(file, "utf8")) });
console.log(JSON.stringify(await evaluate(session, code)));
await session[Symbol.asyncDispose]();
