// A host of its own. Arguments: options as JSON, code, and the file of a session's reference, if there is one. Prints the code's value as JSON.
import { readFileSync } from "node:fs";
import { evaluate, openWasm } from "./evaluate.ts";

const [options = "{}", code = "", reference] = process.argv.slice(2);
const restore = reference === undefined ? undefined : JSON.parse(readFileSync(reference, "utf8"));
const session = await openWasm(JSON.parse(options), { restore });
console.log(JSON.stringify(await evaluate(session, code)));
await session[Symbol.asyncDispose]();
