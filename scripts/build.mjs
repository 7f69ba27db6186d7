// `node scripts/build.mjs [turbo arguments]` builds what changed. Under a lock: `npm start` beside `npm test` must not write the same files.
import { spawnSync } from "node:child_process";
import { withLock } from "./lock.mjs";

const built = withLock("build", () =>
  spawnSync("turbo", ["run", "build", ...process.argv.slice(2)], { stdio: ["ignore", "inherit", "inherit"], shell: process.platform === "win32" }),
);
process.exitCode = built.status ?? 1;
