import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { throwIfAborted } from "@codelet/bridge";
import { ConfigurationError, ExecutorCrashedError } from "@codelet/core";
import { defaultCacheDir } from "./cache-folder.ts";
import { chooseWheel, type WheelsRequest } from "./wheels.ts";

const maxIndexBytes = 64 << 20;
const maxWheelBytes = 256 << 20;
const fetchTimeoutMs = 120_000;

/** The wheels from an index, fetched once per list of packages: the folder of a list is complete or absent. */
export async function fetchWheels(request: WheelsRequest, indexUrl: string): Promise<readonly string[]> {
  const { packages, cacheDir = defaultCacheDir(), onProgress, signal } = request;
  const key = createHash("sha256")
    .update(JSON.stringify([indexUrl, packages]))
    .digest("hex")
    .slice(0, 24);
  const folder = join(cacheDir, `wheels-${key}`);
  const inFolder = async (): Promise<readonly string[]> => (await readdir(folder)).sort().map((name) => join(folder, name));
  try {
    return await inFolder();
  } catch {} // not fetched yet
  await mkdir(cacheDir, { recursive: true });
  const draft = await mkdtemp(join(cacheDir, "draft-"));
  try {
    for (const requirement of packages) {
      onProgress(`Fetching the Python package ${requirement.name}`);
      const { url, fileName, sha256 } = await findInIndex(indexUrl, requirement, signal);
      const bytes = await download(url, maxWheelBytes, signal);
      if (sha256 !== undefined && createHash("sha256").update(bytes).digest("hex") !== sha256)
        throw new ExecutorCrashedError(`${fileName} from ${new URL(url).host} does not have the checksum that the index names.`);
      await writeFile(join(draft, fileName), bytes);
    }
    await rename(draft, folder).catch(() => {}); // somebody else was faster
    return await inFolder();
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

interface IndexFile {
  readonly url: string;
  readonly fileName: string;
  readonly sha256: string | undefined;
}

/** @see https://packaging.python.org/en/latest/specifications/simple-repository-api/ */
async function findInIndex(indexUrl: string, requirement: WheelsRequest["packages"][number], signal: AbortSignal): Promise<IndexFile> {
  const page = new URL(`${requirement.name}/`, indexUrl.endsWith("/") ? indexUrl : `${indexUrl}/`);
  const text = (await download(page.href, maxIndexBytes, signal)).toString();
  const files: IndexFile[] = [];
  for (const [, href = "", fileName = ""] of text.matchAll(/<a\s[^>]*?href\s*=\s*"([^"]*)"[^>]*>\s*([^<]*?)\s*<\/a>/gi)) {
    const url = URL.parse(href.replaceAll("&amp;", "&"), page.href);
    if (url === null || !/^https?:$/.test(url.protocol)) continue;
    files.push({ url: url.href, fileName, sha256: /sha256=([0-9a-f]{64})/.exec(url.hash)?.[1] });
  }
  const chosen = chooseWheel(
    requirement,
    files.map(({ fileName }) => fileName),
    page.href,
  );
  return files.find(({ fileName }) => fileName === chosen) as IndexFile;
}

async function download(url: string, maxBytes: number, signal: AbortSignal): Promise<Buffer> {
  let response: Response;
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    response = await fetch(url, {
      headers: { accept: "text/html, */*;q=0.1" },
      signal: AbortSignal.any([signal, AbortSignal.timeout(fetchTimeoutMs)]),
    });
    for await (const chunk of response.body ?? []) {
      size += chunk.length;
      if (size > maxBytes) break;
      chunks.push(chunk);
    }
  } catch (cause) {
    throwIfAborted(signal);
    throw new ExecutorCrashedError(`${new URL(url).host} could not be reached for Python packages.`, { cause });
  }
  if (response.status === 404) throw new ConfigurationError(`${url} does not exist: the index does not have that package.`);
  if (!response.ok) throw new ExecutorCrashedError(`${url} answered with status ${response.status}.`);
  if (size > maxBytes) throw new ConfigurationError(`${url} has more than ${maxBytes} bytes.`);
  return Buffer.concat(chunks);
}
