import { build } from "../../tsup.base.ts";

export default build({
  platform: "neutral",
  entry: [
    ...[
      "src/index.ts",
      "src/compaction.ts",
      "src/console/index.ts",
      "src/describe.ts",
      "src/json-schema.ts",
      "src/pool-executor.ts",
      "src/prices.ts",
      "src/value-codec.ts",
    ],
    // What a run loads only when it needs it.
    ...[
      "src/between-steps.ts",
      "src/executor-packages.ts",
      "src/media.ts",
      "src/prompts/javascript-programs.ts",
      "src/parse-code.ts",
      "src/tool-call-action.ts",
      "src/with-others.ts",
    ],
  ],
});
