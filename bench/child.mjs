import { spawn } from "node:child_process";

/** Runs a script in a Node process of its own and returns what it wrote as its last line, parsed. */
export async function runChild(file, parameters = [], { nodeFlags = [] } = {}) {
  const child = spawn(process.execPath, [...nodeFlags, file, ...parameters.map(String)], { stdio: ["ignore", "pipe", "pipe"] });
  const output = gather(child.stdout);
  const complaints = gather(child.stderr);
  const status = await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve(signal ?? code));
  });
  if (status !== 0) throw new Error(`${file} ended with ${status}: ${complaints().trim().slice(-2_000)}`);
  return JSON.parse(output().trim().split("\n").at(-1));
}

function gather(stream) {
  let text = "";
  stream.setEncoding("utf8").on("data", (chunk) => {
    text += chunk;
  });
  return () => text;
}
