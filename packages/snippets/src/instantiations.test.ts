import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, expect, it } from "vitest";

const maxInstantiations = 100_000;

const here = path.resolve(import.meta.dirname, "..");
const compiler = path.resolve(here, "../../node_modules/typescript/bin/tsc");
mkdirSync(path.join(here, "out"), { recursive: true });
const folder = mkdtempSync(path.join(here, "out", "types-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A program whose agent has so many tools, each with types of its own. */
function program(kind: "CodeAgent" | "ToolCallingAgent", tools: number): string {
  const definitions = Array.from(
    { length: tools },
    (_, n) => `const tool${n} = tool({
  name: "tool_${n}",
  description: "Does something.",
  input: z.object({
    id${n}: z.string().min(1),
    count: z.number().int().optional(),
    kind: z.enum(["a${n}", "b", "c"]),
    filter: z.object({ from: z.string(), to: z.string().nullable(), tags: z.array(z.string()) }).optional(),
  }),
  output: z.object({ rows: z.array(z.object({ id: z.string(), value${n}: z.number() })), next: z.string().nullable() }),
  needsApproval: ({ count = 0 }) => count > ${n},
  execute: async ({ id${n}, filter }) => ({ rows: [{ id: id${n} + (filter?.tags[0] ?? ""), value${n}: ${n} }], next: null }),
});`,
  );
  const names = Array.from({ length: tools }, (_, n) => `tool${n}`).join(", ");
  const executor = kind === "CodeAgent" ? 'executorType: "wasm",' : "";
  return `import { ${kind}, tool } from "@codelet/core";
import { z } from "zod";
${definitions.join("\n")}
const agent = new ${kind}({ model: async () => "", tools: [${names}], ${executor} output: z.object({ total: z.number() }) });
const result = await agent.run("task");
export const total: number | undefined = result.state === "success" ? result.output.total : undefined;
export { tool };
`;
}

/** What the compiler says of a program of its own. */
function instantiationsOf(source: string): number {
  const compilerOptions = { target: "es2023", module: "nodenext", types: [], strict: true, noEmit: true, skipLibCheck: true };
  writeFileSync(path.join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }));
  writeFileSync(path.join(folder, "program.ts"), source);
  const { stdout, status } = spawnSync(process.execPath, [compiler, "-p", folder, "--extendedDiagnostics"], { encoding: "utf8" });
  expect(status, stdout).toBe(0);
  return Number(/^Instantiations:\s*(\d+)/m.exec(stdout)?.[1]);
}

it.each(["CodeAgent", "ToolCallingAgent"] as const)(
  "fifty tools of a %s cost the type checker less than 100,000 instantiations",
  (kind) => {
    const none = instantiationsOf(program(kind, 0));
    const fifty = instantiationsOf(program(kind, 50));
    console.info(`${kind}: ${fifty} instantiations with 50 tools, ${none} with none`);
    expect(fifty).toBeGreaterThan(none);
    expect(fifty).toBeLessThan(maxInstantiations);
  },
  60_000,
);
