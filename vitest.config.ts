import { defineConfig } from "vitest/config";

const exclude = ["**/node_modules/**", "**/dist/**"];

export default defineConfig({
  test: {
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    projects: [
      { extends: true, test: { name: "unit", include: ["packages/**/src/**/*.test.ts", "examples/**/*.test.ts"], exclude } },
      {
        extends: true,
        test: {
          name: "types",
          include: [],
          typecheck: {
            enabled: true,
            only: true,
            checker: "tsc",
            include: ["packages/**/src/**/*.test-d.ts"],
            exclude,
            tsconfig: "./tsconfig.types.json",
          },
        },
      },
    ],
    coverage: { provider: "v8", include: ["packages/**/src/**/*.ts"], reporter: ["text", "json-summary"] },
  },
});
