import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { resolveOptions } from "./options.ts";
import { chooseWheel, findWheels } from "./wheels.ts";

const attrs = { name: "attrs", version: undefined };
const bytes = Buffer.from("the bytes of a wheel");
const sha256 = createHash("sha256").update(bytes).digest("hex");
let folder: string;
let requests: string[] = [];

/** Without checksums, and with links that lead to no file. */
const plainPage = `<a href="javascript:1">attrs-98.0-py3-none-any.whl</a> <a href="http://[">attrs-99.0-py3-none-any.whl</a>
<a data-x="1" href = "/files/attrs-25.1.0-py3-none-any.whl?a=1&amp;b=2">
  attrs-25.1.0-py3-none-any.whl </a>`;

function* endless(): Generator<Buffer> {
  for (const chunk = Buffer.alloc(1 << 20, " "); ; ) yield chunk;
}

const server = createServer((request, response) => {
  requests.push(String(request.url));
  const page = (hash: string): string =>
    `<a href="../../files/attrs-25.1.0-py3-none-any.whl#sha256=${hash}">attrs-25.1.0-py3-none-any.whl</a>\n<a href="javascript:1">evil</a>`;
  if (request.url === "/simple/attrs/") response.end(page(sha256));
  else if (request.url === "/forged/attrs/") response.end(page("0".repeat(64)));
  else if (request.url === "/plain/attrs/") response.end(plainPage);
  else if (request.url === "/failing/attrs/") response.writeHead(500).end(page(sha256));
  else if (request.url === "/endless/attrs/")
    Readable.from(endless())
      .on("error", () => {})
      .pipe(response);
  else if (request.url?.startsWith("/files/attrs-25.1.0-py3-none-any.whl")) response.end(bytes);
  else response.writeHead(404).end();
});

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "codelet-wheels-"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});

afterAll(async () => {
  server.close();
  await rm(folder, { recursive: true });
});

const find = (
  packages: readonly string[],
  packagesFrom: string,
  { said = [] as string[], signal = new AbortController().signal, cacheDir = folder } = {},
): Promise<readonly string[]> =>
  findWheels({ ...resolveOptions({ packages, packagesFrom, cacheDir }), onProgress: (message) => said.push(message), signal });
const index = (path: string): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}/${path}`;

describe("of several wheels", () => {
  const names = [
    "attrs-9.0-py3-none-any.whl",
    "attrs-25.3.0-py2.py3-none-any.whl",
    "attrs-26.0rc1-py3-none-any.whl",
    "attrs-30.0-cp312-cp312-linux_x86_64.whl",
  ];

  it("takes the newest final version that is pure Python", () => {
    expect(chooseWheel(attrs, [...names, "attrs-99.0.tar.gz", "attrsx-99.0-py3-none-any.whl"], "here")).toBe("attrs-25.3.0-py2.py3-none-any.whl");
  });

  it("takes the version that is asked for", () => {
    expect(chooseWheel({ ...attrs, version: "9.0" }, names, "here")).toBe("attrs-9.0-py3-none-any.whl");
  });

  it("says what it found instead", () => {
    expect(() => chooseWheel({ ...attrs, version: "30.0" }, names, "here")).toThrow(
      "here has no pure Python wheel of attrs==30.0 for Python 3: only attrs-25.3.0-py2.py3-none-any.whl, attrs-26.0rc1-py3-none-any.whl, attrs-30.0-cp312-cp312-linux_x86_64.whl there.",
    );
  });
});

describe("an index", () => {
  it("is asked once", async () => {
    const said: string[] = [];
    const [path = ""] = await find(["attrs"], index("simple"), { said });
    expect(basename(path)).toBe("attrs-25.1.0-py3-none-any.whl");
    expect(await readFile(path)).toEqual(bytes);
    expect(said).toEqual(["Fetching the Python package attrs"]);
    requests = [];
    expect(await find(["attrs"], index("simple"))).toEqual([path]);
    expect(requests).toEqual([]);
  });

  it("is not believed when a wheel has another checksum", async () => {
    await expect(find(["attrs"], index("forged"))).rejects.toMatchObject({ code: "executor-crashed" });
  });

  it("may name no checksums, and other things that are no files", async () => {
    const [path = ""] = await find(["attrs"], index("plain/"), { cacheDir: join(folder, "not", "there", "yet") });
    expect(basename(path)).toBe("attrs-25.1.0-py3-none-any.whl");
    expect(await readFile(path)).toEqual(bytes);
    expect(requests).toContain("/files/attrs-25.1.0-py3-none-any.whl?a=1&b=2");
  });

  it("may be asked by several at once, who get the same", async () => {
    const [one, other] = await Promise.all([find(["attrs==25.1.0"], index("simple")), find(["attrs==25.1.0"], index("simple"))]);
    expect(one).toEqual(other);
  });

  it.each([
    ["failing", "executor-crashed", "status 500"],
    ["endless", "configuration", "has more than 67108864 bytes"],
  ])("that is %s is told, and leaves no draft", async (path, code, message) => {
    await expect(find(["attrs"], index(path))).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
    expect((await readdir(folder)).filter((name) => name.startsWith("draft-"))).toEqual([]);
  });

  it("is left in the middle when nobody waits any more", async () => {
    await expect(find(["attrs"], index("endless"), { signal: AbortSignal.timeout(5) })).rejects.toMatchObject({ code: "aborted" });
  });

  it("that lacks a package is named", async () => {
    await expect(find(["numpy"], index("simple"))).rejects.toMatchObject({
      code: "configuration",
      message: expect.stringContaining("/simple/numpy/"),
    });
  });
});

it("names a folder that can't be read", async () => {
  await expect(find(["attrs"], join(folder, "missing"))).rejects.toMatchObject({ code: "configuration" });
});
