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
  const name = process.env.DOCKER_CONTEXT || readConfig().currentContext;
  if (typeof name !== "string" || name === "" || name === "default") return undefined;
  const file = path.join(configFolder(), "contexts", "meta", createHash("sha256").update(name).digest("hex"), "meta.json");
  const { Endpoints } = read(file) as { readonly Endpoints?: { readonly docker?: { readonly Host?: unknown } | null } | null };
  const address = Endpoints?.docker?.Host;
  if (typeof address === "string" && address !== "") return address;
  throw new ConfigurationError(
    `The context ${name} of \`docker\` can't be read: choose another with \`docker context use\`, or name the \`engine\`.`,
  );
}

const proxies = { HTTP_PROXY: "httpProxy", HTTPS_PROXY: "httpsProxy", FTP_PROXY: "ftpProxy", NO_PROXY: "noProxy", ALL_PROXY: "allProxy" };

/**
 * The arguments of a build by which Docker's command line hands on the proxies of its configuration; they stay out of the image and its history.
 *
 * @see https://docs.docker.com/engine/cli/proxy/
 */
export function proxyArguments(): Readonly<Record<string, string>> {
  const given = Object(Object(readConfig().proxies).default) as Readonly<Record<string, unknown>>;
  const set = Object.entries(proxies).flatMap(([variable, name]) => (typeof given[name] === "string" ? [[variable, given[name]] as const] : []));
  return Object.fromEntries(set.flatMap(([variable, value]) => [[variable, value] as const, [variable.toLowerCase(), value] as const]));
}

function readConfig(): Readonly<Record<string, unknown>> {
  return read(path.join(configFolder(), "config.json"));
}

function configFolder(): string {
  return process.env.DOCKER_CONFIG || path.join(homedir(), ".docker");
}

/** Empty for a file that can't be read or holds no object: Docker's client, too, goes on without it. */
function read(file: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    return {};
  }
}
