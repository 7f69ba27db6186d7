import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { run } from "./run.ts";

const root = path.resolve(import.meta.dirname, "../../..");

/** A publishable package of this workspace, and the file that npm would upload. */
export interface Tarball {
  readonly name: string;
  readonly file: string;
  /** What a user can import: the package and each of its sub-paths. */
  readonly specifiers: readonly string[];
}

/** Packs every package that isn't private into `destination`. They have to be built already. */
export async function packAll(destination: string): Promise<Tarball[]> {
  const manifests = globSync(["packages/*/package.json", "packages/models/*/package.json"], { cwd: root }).sort();
  const folders = manifests.filter((file) => !readManifest(file).private).map((file) => path.join(root, path.dirname(file)));
  return Promise.all(
    folders.map(async (folder) => {
      const { name, version, exports } = readManifest(path.relative(root, path.join(folder, "package.json")));
      await run("pnpm", ["pack", "--pack-destination", destination], folder);
      const subPaths = Object.keys(exports).filter((subPath) => subPath !== "./package.json");
      return {
        name,
        file: path.join(destination, `${name.replace("@", "").replace("/", "-")}-${version}.tgz`),
        specifiers: subPaths.map((subPath) => name + subPath.slice(1)),
      };
    }),
  );
}

function readManifest(file: string): { name: string; version: string; private?: boolean; exports: Readonly<Record<string, unknown>> } {
  return JSON.parse(readFileSync(path.join(root, file), "utf8"));
}
