// `node scripts/build.mjs [turbo arguments]` builds what changed, and is silent unless that fails. Under a lock: `npm start` beside
// `npm test` must not write the same files.
import { spawnSync } from "node:child_process";
import { withLock } from "./lock.mjs";

const { status, stdout, stderr } = withLock("build", () =>
  spawnSync("turbo", ["run", "build", ...process.argv.slice(2)], {
    stdio: ["ignore", "pipe", "pipe"],
    encoding: "utf8",
    maxBuffer: 1 << 28,
    shell: process.platform === "win32",
  }),
);
if (status !== 0) console.error(`${stdout ?? ""}${stderr ?? ""}`);
process.exitCode = status ?? 1;
