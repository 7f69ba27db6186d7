/** Makes the image's snapshot: Python with its standard library imported, the extra packages in place, and our modules run. */
import { addChannelDevices, openChannel } from "./channel-device.ts";
import { deno } from "./deno.ts";
import { packFiles } from "./memory-files.ts";
import { addOutputDevices, openOutput } from "./output-device.ts";
import { compileWasm, startPyodide } from "./pyodide.ts";
import { presentPlainShell } from "./realm.ts";
import type { BuildRequest } from "./requests.ts";
import { allocateSignals, openInterrupts } from "./signals.ts";

export async function buildSnapshot({ folder, wheels, modules }: BuildRequest): Promise<void> {
  const compiled = compileWasm(folder);
  const wheelFiles = wheels.map((name) => [name, deno.readFileSync(`${folder}${name}`)] as const);
  const sources = modules.map((name) => [name, new TextDecoder().decode(deno.readFileSync(`${folder}${name}.py`))] as const);
  presentPlainShell(deno.readFileSync);
  const pyodide = await startPyodide(folder, compiled);
  const fs = pyodide._module.FS;
  addChannelDevices(fs, openInterrupts(allocateSignals()), addOutputDevices(fs));
  openOutput(fs);
  openChannel(fs);

  for (const [name, bytes] of wheelFiles) {
    fs.writeFile(`/tmp/${name}`, bytes);
    pyodide.runPython(`import zipfile; zipfile.ZipFile("/tmp/${name}").extractall("${sitePackages}"); import os; os.remove("/tmp/${name}")`);
  }
  if (wheels.length > 0) deno.writeFileSync(`${folder}packages.bin`, packFiles(fs, [sitePackages]));
  for (const [name, source] of sources) pyodide.runPython(`${runModule}(${JSON.stringify(name)}, ${JSON.stringify(source)})`);
  // Frozen objects are left alone by the garbage collector, so that their pages stay as they are in the image.
  pyodide.runPython("import gc; gc.collect(); gc.freeze()");
  deno.writeFileSync(`${folder}snapshot.bin`, pyodide.makeMemorySnapshot());
}

const sitePackages = "/lib/python3.14/site-packages";

/** With builtins of its own, which user code can't patch. A JSON string is a Python string. */
const runModule = `(lambda name, source: (
  module := __import__("types").ModuleType(name),
  __import__("sys").modules.__setitem__(name, module),
  module.__dict__.__setitem__("__builtins__", dict(__import__("builtins").__dict__)),
  exec(compile(source, f"<{name}>", "exec"), module.__dict__),
) and None)`;
