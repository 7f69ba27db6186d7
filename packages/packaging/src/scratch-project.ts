import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { run } from "./run.ts";
import type { Tarball } from "./tarballs.ts";

const root = path.resolve(import.meta.dirname, "../../..");

/** A user's project outside of the workspace, with our packages installed from their tarballs. */
export interface ScratchProject {
  readonly folder: string;
  /** Runs an ES module with the project's dependencies in reach, and returns what it printed. `node` is the program. @default this one */
  execute(source: string, node?: string): Promise<string>;
  /** Checks a TypeScript file with this `moduleResolution`; rejects with the compiler's messages. */
  typeCheck(source: string, resolution: "nodenext" | "bundler"): Promise<void>;
}

/** Installs with npm: everything flat in one node_modules. */
export async function npmProject(folder: string, tarballs: readonly Tarball[]): Promise<ScratchProject> {
  writeManifest(folder, tarballs);
  await run("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"], folder);
  return project(folder);
}

/** Installs with pnpm: a package reaches nothing but what it declares. */
export async function pnpmProject(folder: string, tarballs: readonly Tarball[]): Promise<ScratchProject> {
  writeManifest(folder, tarballs);
  // Our packages depend on each other by version, which no registry has yet.
  const overrides = tarballs.map(({ name, file }) => `  "${name}": "file:${file}"`);
  const settings = ["packages: []", "hoist: false", "allowBuilds:", "  deno: false", "pmOnFail: ignore", "overrides:", ...overrides, ""];
  writeFileSync(path.join(folder, "pnpm-workspace.yaml"), settings.join("\n"));
  await run("pnpm", ["install", "--prefer-offline", "--ignore-scripts", "--no-frozen-lockfile"], folder);
  return project(folder);
}

function writeManifest(folder: string, tarballs: readonly Tarball[]): void {
  mkdirSync(folder, { recursive: true });
  const { devDependencies } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as { devDependencies: Record<string, string> };
  const manifest = {
    name: "scratch",
    private: true,
    type: "module",
    dependencies: Object.fromEntries(tarballs.map(({ name, file }) => [name, `file:${file}`])),
    devDependencies: { "@types/node": devDependencies["@types/node"] },
  };
  writeFileSync(path.join(folder, "package.json"), JSON.stringify(manifest));
}

function project(folder: string): ScratchProject {
  let count = 0;
  const write = (source: string, extension: string) => {
    const file = path.join(folder, `file-${++count}.${extension}`);
    writeFileSync(file, source);
    return file;
  };
  return {
    folder,
    execute: (source, node = process.execPath) => run(node, [write(source, "mjs")], folder),
    typeCheck: async (source, resolution) => {
      const file = write(source, "ts");
      const compilerOptions = {
        target: "es2023",
        lib: ["es2023", "dom", "esnext.disposable"],
        module: resolution === "nodenext" ? "nodenext" : "esnext",
        moduleResolution: resolution,
        types: ["node"],
        strict: true,
        exactOptionalPropertyTypes: true,
        noEmit: true,
        skipLibCheck: false,
      };
      const config = `${file}.tsconfig.json`;
      writeFileSync(config, JSON.stringify({ compilerOptions, files: [file] }));
      await run(process.execPath, [path.join(root, "node_modules", "typescript", "bin", "tsc"), "-p", config, "--pretty", "false"], folder);
    },
  };
}
