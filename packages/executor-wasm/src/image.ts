import { spawn } from "node:child_process";
import { copyFile, lstat, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { throwIfAborted } from "@codelet/bridge";
import { AbortedError, ExecutorCrashedError } from "@codelet/core";
import { defaultCacheDir } from "./cache-folder.ts";
import { findDenoBinary } from "./deno-binary.ts";
import { denoArguments, denoEnvironment } from "./deno-command.ts";
import { type ImageSources, imageSources } from "./image-files.ts";
import type { SandboxRequest } from "./sandbox/requests.ts";
import { draftPrefix, imagePrefix, markUsed, sweepCache } from "./sweep-cache.ts";

/**
 * A folder with all that a session starts from: our scripts, Pyodide, the memory snapshot of a prepared interpreter, and a Deno cache that saves
 * 120 ms of parsing. Complete or absent, and never written to again.
 */
export interface Image {
  /** With a slash at its end. */
  readonly folder: string;
  readonly entry: string;
  /** Tells images apart that have the same sources: a checkpoint is a difference to one of them. */
  readonly checksum: string;
}

export interface ImageOptions {
  /** @default `$XDG_CACHE_HOME/codelet` or `~/.cache/codelet` */
  readonly cacheDir?: string | undefined;
  /** Paths of pure Python wheels. @default none */
  readonly wheels?: readonly string[] | undefined;
  readonly onProgress?: ((message: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The image for these options, made when it isn't there (4 to 10 s) or was damaged. Processes that make one at the same time don't see each other's half:
 * each builds in a folder of its own, and the first to rename it wins.
 */
export async function openImage({ cacheDir = defaultCacheDir(), wheels = [], onProgress = () => {}, signal }: ImageOptions = {}): Promise<Image> {
  const sources = imageSources(wheels);
  const folder = join(cacheDir, `${imagePrefix}${sources.key}/`);
  const found = await verify(folder, sources);
  if (found) await markUsed(folder); // also where its cache is missing: the sweep below would take it for left
  if (found && (await isFolder(join(folder, denoCache)))) return found;
  await mkdir(cacheDir, { recursive: true, mode: 0o700 });
  await sweepCache(cacheDir);
  const draft = join(await mkdtemp(join(cacheDir, draftPrefix)), "image/");
  try {
    if (!found) {
      onProgress("Preparing the Python sandbox, once for this version (1 of 2): starting Python and importing its standard library");
      await build(draft, sources, signal);
      await place(draft, folder, sources);
    }
    onProgress("Preparing the Python sandbox, once for this version (2 of 2): trying it out");
    await primeDenoCache(folder, sources.entry, join(draft, "..", denoCache), signal);
  } finally {
    await rm(join(draft, ".."), { recursive: true, force: true });
  }
  const built = await verify(folder, sources);
  if (!built) throw new ExecutorCrashedError(`The image in ${folder} is damaged right after it was made. Is the disk full?`);
  onProgress("The Python sandbox is ready");
  return built;
}

/** The first of several processes wins. A damaged image makes room; one that somebody has repaired meanwhile goes back. */
async function place(draft: string, folder: string, sources: ImageSources): Promise<void> {
  const aside = join(draft, "..", "damaged/");
  if (await renamed(draft, folder)) return;
  if ((await verify(folder, sources)) || !(await renamed(folder, aside))) return;
  if (!((await verify(aside, sources)) && (await renamed(aside, folder)))) await renamed(draft, folder);
}

/** Without the slash at the end, which would make it fail for a file or a link in an image's place. */
async function renamed(from: string, to: string): Promise<boolean> {
  try {
    await rename(from.replace(/\/$/, ""), to.replace(/\/$/, ""));
    return true;
  } catch {
    return false;
  }
}

const manifestName = "manifest.json";
/** What `sandbox/build-snapshot.ts` makes, the second where there are packages. */
const snapshotName = "snapshot.bin";
const packagesName = "packages.bin";
type Manifest = Readonly<Record<string, number>>;

/** A folder itself, not a link to one. */
export async function isFolder(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined))?.isDirectory() === true;
}

/** Checks every file's checksum: 45 MB take 15 ms. Against damage, not against an attacker who may write here. */
async function verify(folder: string, { entry, files, wheels }: ImageSources): Promise<Image | undefined> {
  try {
    const manifest = JSON.parse(await readFile(join(folder, manifestName), "utf8")) as Manifest;
    const needed = [...files.keys(), snapshotName, ...(wheels.length > 0 ? [packagesName] : [])];
    if (!needed.every((name) => Object.hasOwn(manifest, name))) return undefined;
    for (const [name, checksum] of Object.entries(manifest)) if (crc32(await readFile(join(folder, name))) !== checksum) return undefined;
    return { folder, entry, checksum: String(manifest[snapshotName]) };
  } catch {
    return undefined;
  }
}

async function build(folder: string, sources: ImageSources, signal: AbortSignal | undefined): Promise<void> {
  await mkdir(folder);
  for (const [name, path] of sources.files) await copyFile(path, join(folder, name));
  // As files: Linux takes no argument of more than 128 KiB.
  for (const [name, source] of sources.modules) await writeFile(join(folder, `${name}.py`), source);
  const modules = sources.modules.map(([name]) => name);
  const request: SandboxRequest = { mode: "build", folder, wheels: sources.wheels, modules };
  await runDeno(folder, sources.entry, request, join(folder, "..", denoCache), signal);
  const manifest: Record<string, number> = {};
  for (const name of await readdir(folder)) if (name !== denoCache) manifest[name] = crc32(await readFile(join(folder, name)));
  await writeFile(join(folder, manifestName), JSON.stringify(manifest));
}

/** Deno's own cache of the image's scripts; copied for each session. */
export const denoCache = "deno-dir";

/** Deno knows scripts by their path, so this has to happen in the final folder: a session that finds no host and ends. */
async function primeDenoCache(folder: string, entry: string, cache: string, signal: AbortSignal | undefined): Promise<void> {
  await runDeno(folder, entry, { mode: "run", folder, diskLimitBytes: 0 }, cache, signal);
  const target = join(folder, denoCache);
  if (!(await isFolder(target))) await rm(target, { force: true }).catch(() => {});
  await renamed(cache, target); // or somebody else was faster
}

async function runDeno(
  folder: string,
  entry: string,
  request: SandboxRequest,
  denoDirectory: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  throwIfAborted(signal);
  const command = {
    entry: join(folder, entry),
    argument: JSON.stringify(request),
    read: [folder],
    denoDirectory,
    maxMemoryBytes: maxBuildMemoryBytes,
  };
  const args = denoArguments(request.mode === "build" ? { ...command, write: [folder] } : command);
  const child = spawn(findDenoBinary(), args, {
    env: denoEnvironment(denoDirectory),
    stdio: ["ignore", "ignore", "pipe"],
    signal,
    killSignal: "SIGKILL",
  });
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-4000);
  });
  await new Promise<void>((resolve, reject) => {
    child.on("error", (error) => reject(signal?.aborted ? new AbortedError(signal.reason) : error));
    child.on("close", (code) => {
      if (code === 0) resolve();
      else if (signal?.aborted) reject(new AbortedError(signal.reason));
      else reject(new ExecutorCrashedError(`Preparing the Python sandbox failed with exit code ${code}: ${errors}`));
    });
  });
}

const maxBuildMemoryBytes = 1 << 30;
