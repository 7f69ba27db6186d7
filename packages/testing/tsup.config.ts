import { build } from "../../tsup.base.ts";

export default build({ entry: ["src/index.ts", "src/journal-contract/index.ts", "src/model-contract/index.ts"] });
