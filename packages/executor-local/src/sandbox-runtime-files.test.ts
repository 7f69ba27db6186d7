import { wrapCommandWithSandboxMacOS } from "@anthropic-ai/sandbox-runtime/dist/sandbox/macos-sandbox-utils.js";
import { describe, expect, it } from "vitest";
import { describeInterpreter } from "./interpreter.ts";
import { macosFiles } from "./sandbox-runtime-files.ts";

const folder = "/private/var/folders/x/codelet-local-1";

/** The package writes its profile for macOS anywhere: what it says can be read here, what Seatbelt makes of it can't be tested. */
describe("the profile for macOS", async () => {
  const interpreter = await describeInterpreter("python3");
  const command = wrapCommandWithSandboxMacOS({
    command: "true",
    commandId: "codelet",
    needsNetworkRestriction: true,
    binShell: "/bin/sh",
    ...macosFiles(interpreter, folder),
  });
  const rules = command
    .slice(command.indexOf("(version 1)"))
    .replace(/^;.*$/gm, "")
    .split(/\n(?=\()/)
    .map((rule) =>
      rule
        .replace(/\s*\(with message "[^"]*"\)/, "")
        .replace(/\s+/g, " ")
        .trim(),
    );
  const startingWith = (start: string): string[] => rules.filter((rule) => rule.startsWith(start));

  it("denies what it does not allow, and allows no network", () => {
    expect(rules[1]).toMatch(/^\(deny default/);
    expect(startingWith("(allow network")).toEqual([]);
    expect(startingWith("(allow system-socket")).toEqual(["(allow system-socket (require-all (socket-domain AF_SYSTEM) (socket-protocol 2)))"]);
    expect(startingWith("(allow signal")).toEqual(["(allow signal (target same-sandbox))"]);
  });

  it("lets code write to its folder and to no other", () => {
    const writable = startingWith("(allow file-write").flatMap((rule) => [...rule.matchAll(/"([^"]*)"/g)].map(([, path]) => path));
    expect(writable.filter((path) => !path?.startsWith("/dev/"))).toEqual([folder, folder]);
  });

  it("closes homes, volumes and what other programs keep, but for the interpreter and the folder", () => {
    const [everything, opened, ...others] = startingWith("(allow file-read*");
    expect([everything, others]).toEqual(["(allow file-read*)", []]);
    for (const path of ["/Users", "/Volumes", "/Network", "/private"]) expect(startingWith("(deny file-read*")[0]).toContain(`(subpath "${path}")`);
    expect(opened).toContain(`(subpath "${folder}")`);
    expect(opened).not.toMatch(/"\/(Users|Volumes|Network|private|)"/);
  });
});
