import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { findDenoBinary } from "./deno-binary.ts";

const program = fileURLToPath(new URL("./testing/authority-program.ts", import.meta.url));

it("takes from the process every permission that Deno knows, and from its realm what would use them", () => {
  const flags = ["--allow-all", "--no-config", "--no-lock", "--no-check", "--cached-only"];
  const [before, after] = JSON.parse(execFileSync(findDenoBinary(), ["run", ...flags, program, program], { encoding: "utf8" }));
  expect(before).toEqual({
    granted: ["read", "write", "net", "env", "sys", "run", "ffi", "import"],
    isReadable: true,
    globals: ["Deno", "fetch", "Worker", "WebSocket", "process"],
  });
  expect(after).toEqual({ granted: [], isReadable: false, globals: [] });
});
