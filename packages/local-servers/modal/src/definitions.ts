import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { ServiceDefinition } from "nice-grpc";

export interface Definitions {
  readonly control: ServiceDefinition;
  readonly router: ServiceDefinition;
}

/** Modal's services as the installed SDK has compiled them: it doesn't export them, so a copy of its file beside it does, for the time of an import. */
export async function loadDefinitions(): Promise<Definitions> {
  const bundle = fileURLToPath(import.meta.resolve("modal"));
  const copy = join(dirname(bundle), `definitions-${process.pid}-${Math.random().toString(36).slice(2)}.mjs`);
  writeFileSync(copy, `${readFileSync(bundle, "utf8")}\nexport { ModalClientDefinition as control, TaskCommandRouterDefinition as router };\n`);
  try {
    return (await import(pathToFileURL(copy).href)) as Definitions;
  } finally {
    rmSync(copy, { force: true });
  }
}
