import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import type { Readable } from "node:stream";
import ignoreModule from "@balena/dockerignore";
import { throwIfAborted } from "@codelet/bridge";
import { AbortedError, ConfigurationError } from "@codelet/core";
import tar from "tar-fs";
import type { ResolvedDockerBuild } from "./options.ts";

/** A folder as the engine gets it: without what its .dockerignore names; links as links, which the engine follows inside of the context only. */
export interface BuildContext {
  /** Of names, kinds, modes, targets of links and contents; not of times and owners. */
  readonly hash: string;
  /** The archive to send. */
  pack(): Readable;
}

/** The module is its function; its types know it as a default export only. */
const dockerIgnore = ignoreModule as unknown as typeof ignoreModule.default;
const ignoreFile = ".dockerignore";

/** Reads all of it once. Rejects with `configuration` when a part can't be read, and with `aborted` in the middle of it. */
export async function readBuildContext({ context, dockerfile }: ResolvedDockerBuild, signal?: AbortSignal): Promise<BuildContext> {
  try {
    const names = await namesIn(context, path.posix.normalize(dockerfile));
    const hash = createHash("sha256").update(dockerfile);
    const archive = pack(context, names, { mtime: new Date(0) });
    for await (const chunk of archive) {
      if (signal?.aborted === true) archive.destroy(new AbortedError(signal.reason)); // leaving the loop would wait for its end
      hash.update(chunk);
    }
    return { hash: hash.digest("hex"), pack: () => pack(context, names) };
  } catch (cause) {
    throwIfAborted(signal);
    throw new ConfigurationError(`The folder ${context} of \`build\` can't be read: ${(cause as Error).message}.`, { cause });
  }
}

async function namesIn(context: string, dockerfile: string): Promise<readonly string[]> {
  const patterns = await readFile(path.join(context, ignoreFile), "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw error; // without its patterns what it keeps back would be sent
  });
  const isSent = dockerIgnore({ ignorecase: false }).add(patterns).createFilter();
  const isNeeded = (name: string): boolean => name === dockerfile || name === ignoreFile; // whatever the file itself says
  return (await readdir(context, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() || entry.isSymbolicLink() || entry.isDirectory())
    .map((entry) => path.relative(context, path.join(entry.parentPath, entry.name)).replaceAll(path.sep, "/"))
    .filter((name) => isNeeded(name) || isSent(name))
    .sort();
}

function pack(context: string, names: readonly string[], fixed: Partial<tar.Headers> = {}): Readable {
  const options: tar.PackOptions & { readonly umask: number } = {
    entries: [...names],
    ignore: () => true, // folders are in `names` with all that is sent of them
    umask: 0, // modes as they are
    map: (header) => ({ ...header, uid: 0, gid: 0, ...fixed }), // owners as Docker's own client sends them
  };
  return tar.pack(context, options);
}
