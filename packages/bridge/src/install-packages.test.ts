import { expect, test } from "vitest";
import { installPackages, pipInstall } from "./install-packages.ts";

test("makes a command without a shell, which also installs beside a distribution's packages", () => {
  const flags = ["--no-input", "--no-cache-dir", "--disable-pip-version-check", "--quiet"];
  expect(pipInstall(["numpy>=2,<3"])).toEqual([
    "env",
    "PIP_BREAK_SYSTEM_PACKAGES=1",
    "PIP_ROOT_USER_ACTION=ignore",
    ...["python3", "-m", "pip", "install", ...flags, "numpy>=2,<3"],
  ]);
  expect(() => pipInstall(["pandas", "--index-url=https://evil.example"])).toThrow(/packages/);
});

test("installs nothing without packages, and tells which with some", async () => {
  const commands: string[] = [];
  const progress: string[] = [];
  const run = async (command: string): Promise<{ exitCode: number; output: string }> => ({ exitCode: commands.push(command) && 0, output: "" });
  const onProgress = (message: string): void => void progress.push(message);
  await installPackages([], { onProgress }, run);
  expect([commands, progress]).toEqual([[], []]);
  await installPackages(["numpy>=2,<3", "attrs"], { onProgress }, run);
  expect(commands).toEqual([expect.stringMatching(/'pip' 'install'.* 'numpy>=2,<3' 'attrs'$/)]);
  expect(progress).toEqual(["installing numpy>=2,<3, attrs"]);
});

test.each([
  ["WARNING: slow\nERROR: No matching distribution found for a.\nhint: look\n", "No matching distribution found for a"],
  ["sh: 1: python3: not found\n", "sh: 1: python3: not found"],
  ["", "it ended with exit code 1"],
  [
    `\n  error: subprocess-exited-with-error\n  \n  × Preparing metadata did not run successfully.\n      RuntimeError: no libfoo\n\nhint: See above.\n`,
    "no libfoo",
  ],
  ["  error: subprocess-exited-with-error\nerror: metadata-generation-failed\nhint: See above for details.", "metadata-generation-failed"],
  [`a\u001b]0;owned\u0007\u009b1m\rERROR: No \u001b[31mpackage${" ".repeat(1_000_000)}x`, "No \\\\u001b\\[31mpackage"],
])("says what pip said last that counts", async (output, complaint) => {
  await expect(installPackages(["a"], {}, async () => ({ exitCode: 1, output }))).rejects.toMatchObject({
    code: "configuration",
    message: expect.stringMatching(new RegExp(`^pip could not install a: (?:\\w*error: )?${complaint}\\. Check \`packages\`\\.$`, "i")),
  });
});
