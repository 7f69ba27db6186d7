import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { ConfigurationError } from "@codelet/core";

/**
 * The address in the context of Docker's command line: DOCKER_CONTEXT's, else that of `docker context use`. Undefined for the default one. Throws
 * `configuration` for a context that is not there: another engine than the one that was meant is no substitute.
 *
 * @see https://docs.docker.com/engine/manage-resources/contexts/
 */
export function contextAddress(): string | undefined {
  const folder = process.env.DOCKER_CONFIG || path.join(homedir(), ".docker");
  const name = process.env.DOCKER_CONTEXT || (read(path.join(folder, "config.json")) as { readonly currentContext?: string })?.currentContext;
  if (!name || name === "default") return undefined;
  const file = path.join(folder, "contexts", "meta", createHash("sha256").update(name).digest("hex"), "meta.json");
  const { Endpoints } = (read(file) ?? {}) as { readonly Endpoints?: { readonly docker?: { readonly Host?: string } } };
  if (Endpoints?.docker?.Host) return Endpoints.docker.Host;
  throw new ConfigurationError(
    `The context ${name} of \`docker\` can't be read: choose another with \`docker context use\`, or name the \`engine\`.`,
  );
}

/** Undefined for a file that is not there or holds no JSON. */
function read(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}
