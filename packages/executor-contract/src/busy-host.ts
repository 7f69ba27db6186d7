// A host of its own, to be killed: opens a session of the executor that its parameters name, and starts the code.
import { pathToFileURL } from "node:url";
import type { Executor } from "@codelet/core";

const [module = "", factory = "", options = "null", code = ""] = process.argv.slice(2);
const loaded = (await import(module.startsWith("file:") ? module : pathToFileURL(module).href)) as Record<string, (options?: unknown) => Executor>;
const make = loaded[factory];
if (make === undefined) throw new Error(`${module} has no export ${factory}`);
const session = await make(JSON.parse(options) ?? undefined).open();
session.start(`print("started", flush=True)\n${code}`, { timeoutMs: 60_000, onOutput: () => console.log("busy") });
await session.next();
