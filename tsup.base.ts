import { defineConfig, type Options } from "tsup";

const shared: Options = {
  entry: ["src/index.ts"],
  format: "esm",
  target: "node22",
  platform: "node",
  sourcemap: true,
  silent: true,
  dts: false, // tsc writes the types: tsup's own way needs a compiler API that TypeScript 7 no longer has
  clean: false, // a rebuild must not pull dist from under tests that run at the same time; releases are built in a fresh clone
};

/** The build of every package. What a package needs otherwise, it passes. */
export const build = (options: Options = {}): ReturnType<typeof defineConfig> => defineConfig({ ...shared, ...options });
