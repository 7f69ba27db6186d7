import { execFile, spawnSync } from "node:child_process";
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { codeBlocks, isTypeScript } from "./code-blocks.ts";

const DOCUMENTS = ["README.md", "docs/**/*.md", "packages/*/README.md", "packages/models/*/README.md"];
const RUN_TIMEOUT_MS = 90_000; // one of them runs a whole contract suite
const COMPILER_OPTIONS = {
  target: "es2023",
  lib: ["es2023", "dom", "esnext.disposable"],
  module: "nodenext",
  moduleDetection: "force",
  types: ["node"],
  strict: true,
  noEmit: true,
  skipLibCheck: true,
};

const here = path.resolve(import.meta.dirname, "..");
const root = path.resolve(here, "../..");
const compiler = path.join(root, "node_modules", "typescript", "bin", "tsc");
// Within this package, so that an import finds what this package depends on: all of the workspace.
mkdirSync(path.join(here, "out"), { recursive: true });
const folder = mkdtempSync(path.join(here, "out", "run-"));

const documents = globSync(DOCUMENTS, { cwd: root, exclude: (name) => name.includes("node_modules") }).map((file) => {
  const text = readFileSync(path.join(root, file), "utf8");
  return { file, text, blocks: codeBlocks(text).filter(isTypeScript) };
});
const snippets = documents.flatMap(({ file, blocks }) =>
  blocks.map((block) => ({ where: `${file}:${block.line}`, file: `${file.replaceAll(/\W+/g, "-")}-line-${block.line}.ts`, block })),
);

let report = "";
beforeAll(() => {
  writeFileSync(path.join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions: COMPILER_OPTIONS, include: ["*.ts"] }));
  // Blank lines in front, so that a message shows the line of the document.
  for (const { file, block } of snippets) writeFileSync(path.join(folder, file), "\n".repeat(block.line) + block.code);
  if (snippets.length === 0) return;
  const compiled = spawnSync(process.execPath, [compiler, "-p", folder, "--pretty", "false"], { cwd: folder, encoding: "utf8" });
  report = compiled.stdout + compiled.stderr;
  if (compiled.status !== 0 && report === "") report = `tsc ended with ${compiled.status ?? compiled.signal}`;
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("sees the TypeScript of every document", () => {
  expect(documents.map(({ file }) => file)).toContain("README.md");
  for (const { file, text, blocks } of documents) {
    const isMentioned = /^[ \t]*(```|~~~)(ts|typescript)\b/im.test(text);
    expect(blocks.length > 0, `${file} has ts fences, but no block was found`).toBe(isMentioned);
  }
});

it("type-checks without an error outside of the snippets", () => {
  const elsewhere = report.split("\n").filter((line) => /^\S/.test(line) && !snippets.some(({ file }) => line.startsWith(file)));
  expect(elsewhere).toEqual([]);
});

describe.each(snippets)("$where", ({ file, block }) => {
  it("type-checks", () => {
    expect(report.split("\n").filter((line) => line.startsWith(`${file}(`))).toEqual([]);
  });

  if (!block.tags.includes("run")) return;
  const run = async (): Promise<void> => {
    const scratch = mkdtempSync(path.join(tmpdir(), "codelet-snippet-"));
    const { OPENAI_API_KEY: _, ...environment } = process.env; // what the docs run costs nothing
    try {
      await promisify(execFile)(process.execPath, [path.join(folder, file)], { cwd: scratch, env: environment, timeout: RUN_TIMEOUT_MS - 5_000 });
    } finally {
      rmSync(scratch, { recursive: true, force: true });
    }
  };
  it("runs", run, RUN_TIMEOUT_MS);
});
