import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { ConfigurationError } from "@codelet/core";

const require = createRequire(import.meta.url);

/** The Deno executable of the npm package's platform half; the package's own `bin` is a Node script in front of it. */
export function findDenoBinary(): string {
  const fromDeno = createRequire(require.resolve("deno/package.json"));
  const target = `@deno/${process.platform}-${process.arch}${process.platform === "linux" ? "-glibc" : ""}`;
  try {
    const binary = join(dirname(fromDeno.resolve(`${target}/package.json`)), process.platform === "win32" ? "deno.exe" : "deno");
    if (existsSync(binary)) return binary;
    throw new Error(`${binary} does not exist`);
  } catch (cause) {
    throw new ConfigurationError(
      `The wasm executor needs ${target}, an optional dependency of deno, and it is not installed. Install without --omit=optional, on Linux with glibc, macOS or Windows.`,
      { cause },
    );
  }
}
