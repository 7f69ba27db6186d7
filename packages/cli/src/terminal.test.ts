import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const hasScript = spawnSync("script", ["-qec", "true", "/dev/null"]).status === 0;
if (!hasScript) console.log("SKIPPED terminal.test.ts: there is no `script` command (util-linux) to open a terminal with");

/** What the program writes to a real terminal of 40 columns. */
function inTerminal(source: string, environment: Readonly<Record<string, string>>): string {
  const command = `stty cols 40; exec "${process.execPath}" --input-type=module-typescript -e '${source}'`;
  const { stdout } = spawnSync("script", ["-qec", command, "/dev/null"], {
    env: { PATH: process.env.PATH, SHELL: "/bin/sh", TERM: "xterm", ...environment },
    cwd: fileURLToPath(new URL(".", import.meta.url)),
    encoding: "utf8",
  });
  return stdout.replaceAll("\r\n", "\n");
}

const source = `
import { fakeExecutor, scriptedModel } from "@codelet/testing";
import { CodeAgent } from "@codelet/core";
import { onScreen } from "./on-screen.ts";
import { showRun } from "./show-run.ts";
const executor = fakeExecutor((step) => { step.print("0123456789".repeat(5)); return step.finalAnswer(1); });
const agent = new CodeAgent({ model: scriptedModel(["Let me see.\\n<code>\\nfinal_answer(1)\\n</code>"]), executor });
await onScreen((screen) => showRun(agent, "A task that is somewhat longer than forty columns", screen, "text"));
`;

describe.skipIf(!hasScript)("in a terminal", () => {
  it("uses its width, colours, and one line that is overwritten", () => {
    const shown = inTerminal(source, {});
    expect(shown).toContain("  A task that is somewhat longer than\n  forty columns\n");
    expect(shown).toContain("final_answer(\u001b[33m1\u001b[39m)");
    expect(shown).toContain("\r\u001b[KStep 1: the code is running…\r\u001b[K");
  });

  it("writes nothing but text where NO_COLOR is set", () => {
    const shown = inTerminal(source, { NO_COLOR: "1" });
    expect(shown).toContain("    final_answer(1)\n\n  │ 012345678901234567890123456789012345\n  │ 67890123456789\n");
    expect(shown).not.toMatch(/[^\P{Cc}\n]/u);
  });
});
