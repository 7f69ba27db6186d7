import { mkdirSync, mkdtempSync, readFileSync, realpathSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasLowestNode, lowestNode, lowestNodeVersion } from "./lowest-node.ts";
import { run } from "./run.ts";
import { npmProject, pnpmProject, type ScratchProject } from "./scratch-project.ts";
import { packAll, type Tarball } from "./tarballs.ts";

const INSTALL_TIMEOUT_MS = 120_000;
const LOCAL_MANIFEST = path.resolve(import.meta.dirname, "../../executor-local/package.json");
const EXECUTORS = ["blaxel", "docker", "e2b", "local", "modal", "wasm"].map((type) => `@codelet/executor-${type}`);

const OPEN_SANDBOX_RUNTIME = `
  import { localExecutor } from "@codelet/executor-local";
  await localExecutor({ sandbox: "sandbox-runtime" }).open().catch((error) => console.log(error.name, error.code, error.message));
`;

// An agent whose model answers at once: how far it comes depends on the executor package alone.
const runAgent = (executorType: string, executorOptions: object = {}) => `
  import * as core from "@codelet/core";
  const agent = new core.CodeAgent({ model: async () => "<code>\\nfinal_answer(6 * 7)\\n</code>", executorType: "${executorType}", executorOptions: ${JSON.stringify(executorOptions)} });
  try {
    const { state, output } = await agent.run("What is 6 * 7?");
    console.log(state, output);
  } catch (error) {
    console.log(error.name, error.code, error.message);
  }
`;

if (process.platform === "win32") console.log("SKIPPED the local executor's optional sandbox: there is none for Windows");
if (!hasLowestNode)
  console.log(`SKIPPED packages on Node ${lowestNodeVersion}: the npm registry has none for ${process.platform} on ${process.arch}`);

const scratch = mkdtempSync(path.join(tmpdir(), "codelet-packaging-"));
let tarballs: Tarball[];
beforeAll(async () => {
  mkdirSync(path.join(scratch, "tarballs"));
  tarballs = await packAll(path.join(scratch, "tarballs"));
}, INSTALL_TIMEOUT_MS);
afterAll(() => rmSync(scratch, { recursive: true, force: true, maxRetries: 3 }), INSTALL_TIMEOUT_MS);

it("packs no test, no source and no link into the workspace", async () => {
  for (const { name, file } of tarballs) {
    const entries = (await run("tar", ["-tzf", file], scratch)).trim().split("\n");
    const unexpected = entries.filter(
      (entry) => !/^package\/((dist|data|scripts|python)\/|package\.json$|README\.md$|LICENSE$)/.test(entry) || /\.test(-d)?\./.test(entry),
    );
    expect(unexpected, name).toEqual([]);
    expect(await run("tar", ["-xzOf", file, "package/package.json"], scratch), name).not.toMatch(/"(workspace|catalog):/);
  }
});

describe.each([
  ["npm", npmProject],
  ["pnpm", pnpmProject],
])("in a project of %s", (manager, install) => {
  let user: ScratchProject;
  beforeAll(async () => {
    user = await install(path.join(scratch, manager), tarballs);
  }, INSTALL_TIMEOUT_MS);

  it("imports every package, and every sub-path", async () => {
    const specifiers = tarballs.flatMap((tarball) => tarball.specifiers);
    expect(specifiers).toEqual(expect.arrayContaining(["@codelet/testing/journal-contract", "@codelet/testing/model-contract"]));
    const printed = await user.execute(`for (const specifier of ${JSON.stringify(specifiers)}) { await import(specifier); console.log(specifier); }`);
    expect(printed.trim().split("\n")).toEqual(specifiers);
  });

  it.each(["nodenext", "bundler"] as const)("has types under %s", async (resolution) => {
    await user.typeCheck(
      tarballs
        .flatMap(({ specifiers }) => specifiers)
        .map((specifier, index) => `import * as package${index} from "${specifier}";\nexport const name${index}: object = package${index};\n`)
        .join(""),
      resolution,
    );
  });

  it("lets core find the installed executors", async () => {
    const source = `
      import { createRequire } from "node:module";
      import { fileURLToPath } from "node:url";
      const core = createRequire(fileURLToPath(import.meta.resolve("@codelet/core")));
      for (const name of ${JSON.stringify(EXECUTORS)}) console.log(JSON.parse(core("node:fs").readFileSync(core.resolve(name + "/package.json"), "utf8")).name);
    `;
    expect((await user.execute(source)).trim().split("\n")).toEqual(EXECUTORS);
  });

  it('runs an agent with executorType: "wasm"', async () => {
    const printed = await user.execute(runAgent("wasm"));
    expect(printed.trim()).toBe("success 42");
  });

  // The rest of the suite runs on a newer one.
  it.skipIf(!hasLowestNode)(
    `imports every package and runs agents on Node ${lowestNodeVersion}`,
    async () => {
      mkdirSync(path.join(scratch, "lowest-node"), { recursive: true });
      const node = await lowestNode(path.join(scratch, "lowest-node"));
      expect(await user.execute("console.log(process.version)", node)).toBe(`v${lowestNodeVersion}\n`);
      const specifiers = tarballs.flatMap((tarball) => tarball.specifiers);
      await user.execute(specifiers.map((specifier) => `await import("${specifier}");`).join("\n"), node);
      expect(await user.execute(runAgent("wasm"), node)).toBe("success 42\n");
      expect(await user.execute(runAgent("local", { sandbox: "none" }), node)).toBe("success 42\n");
      const command = path.join(user.folder, "node_modules", "@codelet", "cli", "package.json");
      const { bin } = JSON.parse(readFileSync(command, "utf8")) as { bin: { codelet: string } };
      expect(await run(node, [path.join(command, "..", bin.codelet), "--help"], user.folder)).toContain("codelet run");
    },
    INSTALL_TIMEOUT_MS,
  );

  // Where pnpm puts a package that another one has as a peer is pnpm's affair.
  it.skipIf(manager === "pnpm").each([
    ["e2b", "@e2b/code-interpreter", "@e2b/code-interpreter", { apiKey: "none" }],
    ["modal", "modal", "modal@~0.11.1", {}],
    ["blaxel", "@blaxel/core", "@blaxel/core@~0.3.21", {}],
  ])("names the command that installs the SDK which the executor %s lacks", async (type, sdk, installed, options) => {
    const place = path.join(user.folder, "node_modules", sdk);
    renameSync(place, `${place}-away`);
    const printed = await user.execute(runAgent(type, options)).finally(() => renameSync(`${place}-away`, place));
    expect(printed).toMatch(/^MissingPackageError missing-package /);
    expect(printed).toContain(`Run: npm install ${installed}\n`);
  });

  it("bundles the kernel for the browser without the executors that a server of the same project has", async () => {
    expect(await browserBundle(user.folder, "@codelet/core")).not.toMatch(/["']node:|\brequire\(/);
  });

  it.skipIf(process.platform === "win32")(
    "names the command that installs the local executor's optional sandbox, in the release that it is made for",
    async () => {
      const printed = await user.execute(OPEN_SANDBOX_RUNTIME);
      const { peerDependencies } = JSON.parse(readFileSync(LOCAL_MANIFEST, "utf8")) as { peerDependencies: Record<string, string> };
      const [name = "", version] = Object.entries(peerDependencies).find(([peer]) => !peer.startsWith("@codelet/")) ?? [];
      expect(printed).toMatch(/^MissingPackageError missing-package /);
      expect(printed).toContain(`Run: npm install ${name}@${version}\n`);

      const other = path.join(user.folder, "node_modules", name);
      mkdirSync(other, { recursive: true });
      writeFileSync(path.join(other, "package.json"), JSON.stringify({ name, version: "0.0.1" }));
      const refused = await user.execute(OPEN_SANDBOX_RUNTIME);
      rmSync(other, { recursive: true });
      expect(refused).toMatch(
        new RegExp(`^ConfigurationError configuration .* is installed as 0\\.0\\.1, .* Run: npm install ${name}@${version}\\n`),
      );
    },
  );
});

describe("in a project with core alone", () => {
  let user: ScratchProject;
  beforeAll(async () => {
    user = await pnpmProject(
      path.join(scratch, "core-alone"),
      tarballs.filter(({ name }) => name === "@codelet/core"),
    );
  }, INSTALL_TIMEOUT_MS);

  it("installs no other package", async () => {
    const lockfile = readFileSync(path.join(user.folder, "pnpm-lock.yaml"), "utf8");
    expect([...lockfile.matchAll(/^ {2}'?(@codelet\/[\w-]+)@/gm)].map((match) => match[1])).toEqual(["@codelet/core", "@codelet/core"]);
  });

  it.each(["blaxel", "docker", "e2b", "local", "modal", "wasm"])("names the command that installs the missing executor %s", async (type) => {
    const printed = await user.execute(runAgent(type));
    expect(printed).toMatch(new RegExp(`^MissingPackageError missing-package .*Run: npm install @codelet/executor-${type}\n$`));
  });

  it("takes an executor from any package by its full name", async () => {
    const folder = path.join(user.folder, "node_modules", "@acme", "executor");
    mkdirSync(folder, { recursive: true });
    writeFileSync(
      path.join(folder, "package.json"),
      JSON.stringify({ name: "@acme/executor", version: "1.0.0", type: "module", exports: "./index.js" }),
    );
    writeFileSync(path.join(folder, "index.js"), 'export const createExecutor = () => { throw new TypeError("made by @acme/executor"); };');
    const core = path.join(realpathSync(path.join(user.folder, "node_modules", "@codelet", "core")), "..", "..", "@acme");
    symlinkSync(path.dirname(folder), core);
    expect(await user.execute(runAgent("@acme/executor"))).toBe("TypeError undefined made by @acme/executor\n");
  });

  const subPaths = ["compaction", "console", "describe", "prices"].map((name) => `@codelet/core/${name}`);

  it.each(["@codelet/core", ...subPaths])("bundles %s for the browser without a Node built-in", async (specifier) => {
    expect(await browserBundle(user.folder, specifier)).not.toMatch(/["']node:|\brequire\(/);
  });

  it("bundles what isn't the loop with its own sub-path only", async () => {
    const names = ["compactObservations", "consoleReporter", "describeAgent", "pricesOf"];
    const core = await browserBundle(user.folder, "@codelet/core");
    for (const [index, name] of names.entries()) {
      expect(await browserBundle(user.folder, subPaths[index] as string)).toContain(name);
      expect(core).not.toContain(`function ${name}(`);
    }
  });
});

async function browserBundle(folder: string, specifier: string): Promise<string> {
  const entry = path.join(folder, "browser.mjs");
  writeFileSync(entry, `export * from "${specifier}";\n`);
  const bundled = await build({ entryPoints: [entry], bundle: true, platform: "browser", format: "esm", write: false, logLevel: "silent" });
  expect(bundled.errors).toEqual([]);
  return bundled.outputFiles[0]?.text as string;
}
