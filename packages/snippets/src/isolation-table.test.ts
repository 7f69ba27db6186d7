import { readFileSync } from "node:fs";
import { blaxelExecutor } from "@codelet/executor-blaxel";
import { dockerExecutor } from "@codelet/executor-docker";
import { e2bExecutor } from "@codelet/executor-e2b";
import { localExecutor } from "@codelet/executor-local";
import { modalExecutor } from "@codelet/executor-modal";
import { wasmExecutor } from "@codelet/executor-wasm";
import { expect, it } from "vitest";

const readme = readFileSync(new URL("../../../README.md", import.meta.url), "utf8");
const levels = new Map(
  [...readme.matchAll(/^\| `@codelet\/([a-z0-9-]+)`(?:, `([^`]+)`)? \| (\d) /gm)].map(([, name, option = "", level]) => [
    `${name} ${option}`.trim(),
    Number(level),
  ]),
);

it("claims in the README the isolation level that each manifest has", () => {
  const unsafe = localExecutor({ sandbox: "none" }).capabilities;
  // Its row says what holds on Linux first, and what else on macOS.
  const runtime = process.platform === "darwin" ? 3 : localExecutor({ sandbox: "sandbox-runtime" }).capabilities.isolation;
  expect(levels).toEqual(
    new Map([
      ["executor-wasm", wasmExecutor().capabilities.isolation],
      ["executor-local", localExecutor().capabilities.isolation],
      ['executor-local sandbox: "sandbox-runtime"', runtime],
      ["executor-docker", dockerExecutor().capabilities.isolation],
      ['executor-docker runtime: "runsc"', dockerExecutor({ runtime: "runsc" }).capabilities.isolation],
      ["executor-e2b", e2bExecutor().capabilities.isolation],
      ["executor-modal", modalExecutor().capabilities.isolation],
      ["executor-blaxel", blaxelExecutor().capabilities.isolation],
      ['executor-local sandbox: "none"', unsafe.isolation],
    ]),
  );
  expect(unsafe).toMatchObject({ isolation: 0, network: "full", files: "host", processes: "host" });
});
