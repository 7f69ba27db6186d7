import { build } from "../../tsup.base.ts";

export default build({
  platform: "neutral",
  entry: ["src/index.ts", "src/console/index.ts", "src/json-schema.ts", "src/pool-executor.ts", "src/value-codec.ts"],
});
