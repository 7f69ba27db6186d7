import { playDemo } from "./demo/play-demo.ts";
import { main } from "./main.ts";

// `npm start` plays the recorded session; `npm start -- "task"` is `codelet run "task"`.
const argv = process.argv.slice(2);
process.exitCode = argv.length === 0 ? await playDemo() : await main(["run", ...argv]);
