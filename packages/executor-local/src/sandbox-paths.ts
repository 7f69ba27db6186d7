import { existsSync, lstatSync, readlinkSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Interpreter } from "./interpreter.ts";

/** What of the host's files the sandbox shows, all of it read-only and under its own name. */
export interface SandboxPaths {
  readonly binds: readonly string[];
  /** `[path, target]`, as the host has them. */
  readonly symlinks: readonly (readonly [string, string])[];
}

/** The system as programs need it, and of /etc only what the dynamic linker, Debian's alternatives, the clock, fonts and matplotlib do, and tables that libraries look into. */
const systemFolders = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"];
const systemFiles = [
  "/etc/ld.so.cache",
  "/etc/alternatives",
  "/etc/localtime",
  "/etc/matplotlibrc",
  "/etc/fonts",
  "/etc/mime.types",
  "/etc/services",
  "/etc/protocols",
];
/** Whom the system trusts, for libraries that fail in odd ways without: of Debian, Fedora and Alpine. */
const certificates = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];
/** Stores whose packages refer to each other by absolute path. */
const packageStores = ["/nix/store", "/gnu/store"];
/** Of a prefix only these: an environment made inside a project has the project, secrets included, as its prefix. */
const prefixParts = ["bin", "lib", "lib64", "share", "pyvenv.cfg"];
const maxSymlinks = 40;

export function sandboxPaths(interpreter: Interpreter): SandboxPaths {
  const paths = new PathSet();
  for (const folder of systemFolders) paths.add(folder);
  for (const file of [...systemFiles, ...certificates]) paths.bind(file);
  for (const store of packageStores) if (interpreter.prefixes.some((prefix) => prefix.startsWith(`${store}/`))) paths.add(store);
  for (const prefix of interpreter.prefixes) for (const part of prefixParts) paths.add(join(prefix, part));
  paths.add(interpreter.executable);
  return { binds: paths.binds, symlinks: paths.symlinks };
}

class PathSet {
  readonly binds: string[] = [];
  readonly symlinks: (readonly [string, string])[] = [];

  /** Shows a path as it is on the host, with the symbolic links on the way to it: an interpreter finds its files by the name it was started with. */
  add(path: string): void {
    let rest = path.split("/").filter(Boolean);
    let current = "/";
    for (let links = 0; rest.length > 0; ) {
      const [part = "", ...others] = rest;
      const next = join(current, part);
      const target = linkTarget(next);
      if (target === undefined) {
        current = next;
        rest = others;
        continue;
      }
      if (++links > maxSymlinks) return;
      if (!this.#covers(next) && !this.symlinks.some(([known]) => known === next)) this.symlinks.push([next, target]);
      rest = [...resolve(dirname(next), target).split("/").filter(Boolean), ...others];
      current = "/";
    }
    this.bind(current);
  }

  bind(path: string): void {
    if (existsSync(path) && !this.#covers(path)) this.binds.push(path);
  }

  #covers(path: string): boolean {
    return this.binds.some((bound) => path === bound || path.startsWith(`${bound}/`));
  }
}

function linkTarget(path: string): string | undefined {
  try {
    return lstatSync(path).isSymbolicLink() ? readlinkSync(path) : undefined;
  } catch {
    return undefined;
  }
}
