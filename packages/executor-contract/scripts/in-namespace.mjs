#!/usr/bin/env node
// codelet-namespace <command> [arguments]: runs a command in pid and network namespaces of its own, with the loopback interface up and nothing
// else. The whole escape corpus may run there: its attacks signal every process they see.
import { spawnSync } from "node:child_process";

const [command, ...parameters] = process.argv.slice(2);
if (command === undefined) {
  console.error("usage: codelet-namespace <command> [arguments]");
  process.exit(2);
}
const asRoot = process.getuid?.() === 0 ? [] : ["--map-root-user"];
// The shell stays as the first process of the namespace: it collects the orphans that Node would leave as zombies.
const bringUp = 'ip link set lo up && "$@"; exit $?';
const ended = spawnSync(
  "unshare",
  [...asRoot, "--pid", "--net", "--mount", "--mount-proc", "--fork", "--kill-child", "sh", "-c", bringUp, "sh", command, ...parameters],
  {
    stdio: "inherit",
    env: { ...process.env, CODELET_FULL: "1", CODELET_NAMESPACE: "1" },
  },
);
if (ended.error) console.error(`unshare (util-linux) can't be run: ${ended.error.message}`);
process.exitCode = ended.status ?? 1;
