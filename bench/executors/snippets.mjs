import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

const folder = path.join(import.meta.dirname, "snippets");

/** Programs that leave their result in `answer`, by name. */
export const SNIPPETS = Object.fromEntries(
  readdirSync(folder)
    .filter((file) => file.endsWith(".py"))
    .map((file) => [path.basename(file, ".py"), readFileSync(path.join(folder, file), "utf8")]),
);

/** The best of several runs in plain CPython, in ms, and the answer, by snippet. */
export function runInPlainPython(repetitions) {
  return new Promise((resolve, reject) => {
    const child = spawn("python3", [path.join(import.meta.dirname, "plain-python.py"), String(repetitions)], { stdio: ["pipe", "pipe", "inherit"] });
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (chunk) => {
      text += chunk;
    });
    child.once("error", reject);
    child.once("close", (code) => (code === 0 ? resolve(JSON.parse(text)) : reject(new Error(`python3 ended with ${code}`))));
    child.stdin.end(JSON.stringify(SNIPPETS));
  });
}
