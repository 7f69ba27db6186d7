import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { ConfigurationError } from "@codelet/core";

/**
 * The address in the context of Docker's command line: DOCKER_CONTEXT's, else that of `docker context use`. Undefined for the default one. Throws
 * `configuration` for a context that is not there or can't be read: another engine than the one that was meant is no substitute.
 *
 * @see https://docs.docker.com/engine/manage-resources/contexts/
 */
export function contextAddress(): string | undefined {
  const folder = process.env.DOCKER_CONFIG || path.join(homedir(), ".docker");
  const { currentContext } = read(path.join(folder, "config.json"));
  const name = process.env.DOCKER_CONTEXT || currentContext;
  if (typeof name !== "string" || name === "" || name === "default") return undefined;
  const file = path.join(folder, "contexts", "meta", createHash("sha256").update(name).digest("hex"), "meta.json");
  const { Endpoints } = read(file) as { readonly Endpoints?: { readonly docker?: { readonly Host?: unknown } | null } | null };
  const address = Endpoints?.docker?.Host;
  if (typeof address === "string" && address !== "") return address;
  throw new ConfigurationError(
    `The context ${name} of \`docker\` can't be read: choose another with \`docker context use\`, or name the \`engine\`.`,
  );
}

/** Empty for a file that can't be read or holds no object: Docker's client, too, goes on without it. */
function read(file: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    return {};
  }
}
