import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { evaluate, openWasm } from "./evaluate.ts";

/** Writes the wheel of a package `greet` whose `hello()` says its version. */
export async function makeWheel(folder: string, version: string): Promise<string> {
  await using session = await openWasm();
  const code = `
import io, zipfile
buffer = io.BytesIO()
with zipfile.ZipFile(buffer, "w") as wheel:
    wheel.writestr("greet/__init__.py", "def hello(): return 'hello ${version}'\\n")
    wheel.writestr("greet-${version}.dist-info/METADATA", "Metadata-Version: 2.1\\nName: greet\\nVersion: ${version}\\n")
    wheel.writestr("greet-${version}.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
buffer.getvalue()`;
  const path = join(folder, `greet-${version}-py3-none-any.whl`);
  await writeFile(path, (await evaluate(session, code)) as Uint8Array);
  return path;
}
