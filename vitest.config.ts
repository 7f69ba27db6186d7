import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** The contract suites take minutes each and mostly wait: first, so that none of them runs alone at the end. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification): boolean => /(?:-executor|\/hostile-code|\/podman)\.test\.ts$/.test(moduleId);
    const sorted = await super.sort(files);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

const exclude = ["**/node_modules/**", "**/dist/**"];

export default defineConfig({
  test: {
    maxWorkers: 3, // on two cores: the contract suites wait more than they work
    sequence: { sequencer: LongestFirst },
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
