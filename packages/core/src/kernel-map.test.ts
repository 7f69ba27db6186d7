import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";

const source = import.meta.dirname;
const map = readFileSync(path.join(source, "../../../docs/kernel.md"), "utf8");
const onDemand = /^## Loaded when a run needs it\n([\s\S]*?)^##/m.exec(map)?.[1] ?? "";
const linked = (text: string): string[] => [...text.matchAll(/\]\(\.\.\/packages\/core\/src\/([\w./-]+)\)/g)].map(([, file]) => file as string);

/** Prompts are apart, and what stands behind a path of its own. */
const isKernel = (file: string): boolean => !file.startsWith("prompts/") && !["value-codec.ts", "value-numbers.ts", "base64.ts"].includes(file);

/** All that is reached from a file by imports, types included. */
function reached(from: string, except: readonly string[] = []): readonly string[] {
  const files = new Set([from]);
  for (const file of files) {
    const text = readFileSync(path.join(source, file), "utf8");
    for (const [, target] of text.matchAll(/(?:from|import\() ?"\.\/([\w/-]+\.ts)"/g)) {
      const next = path.join(path.dirname(file), target as string);
      if (!except.includes(next)) files.add(next);
    }
  }
  return [...files];
}

function linesOfCode(file: string): number {
  const text = readFileSync(path.join(source, file), "utf8").replaceAll(/\/\*\*[\s\S]*?\*\//g, "");
  return text.split("\n").filter((line) => !/^\s*(\/\/.*)?$/.test(line)).length;
}

describe("docs/kernel.md", () => {
  it("names every file of the kernel, and no other", () => {
    const files = linked(map);
    expect(files.filter((file) => !existsSync(path.join(source, file)))).toEqual([]);
    const kernel = reached("index.ts").filter(isKernel);
    expect(kernel.filter((file) => !files.includes(file))).toEqual([]);
  });

  it("keeps what every run loads as small as it says", () => {
    const files = reached("index.ts", linked(onDemand)).filter(isKernel);
    expect(files.length).toBeGreaterThan(30);
    const lines = files.reduce((sum, file) => sum + linesOfCode(file), 0);
    const limit = Number(/at most ([\d,]+) lines/.exec(map)?.[1]?.replace(",", ""));
    expect(lines).toBeLessThanOrEqual(limit);
  });
});
