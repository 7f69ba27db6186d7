import { readFileSync } from "node:fs";
import path from "node:path";
import { run } from "./run.ts";

const manifest = JSON.parse(readFileSync(path.resolve(import.meta.dirname, "../../core/package.json"), "utf8")) as { engines: { node: string } };

/** The lowest version of Node that our packages say they take. */
export const lowestNodeVersion: string = manifest.engines.node.replace(">=", "");

/** Whether the npm registry has a Node for this machine. */
export const hasLowestNode: boolean = process.platform === "linux" && ["x64", "arm64"].includes(process.arch);

/** Installs it into a folder, and returns the program. */
export async function lowestNode(folder: string): Promise<string> {
  const name = `node-linux-${process.arch}`;
  const flags = ["--no-save", "--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"];
  await run("npm", ["install", ...flags, "--prefix", folder, `${name}@${lowestNodeVersion}`], folder);
  return path.join(folder, "node_modules", name, "bin", "node");
}
