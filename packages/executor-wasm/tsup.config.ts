import { build } from "../../tsup.base.ts";

/** The sandbox's scripts run in Deno, each as one file. */
export default build({ entry: ["src/index.ts", "src/sandbox/main.ts", "src/sandbox/watcher.ts"], splitting: false });
