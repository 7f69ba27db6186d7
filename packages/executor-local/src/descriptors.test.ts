import { describe, expect, it } from "vitest";
import { evaluateWithDescriptors } from "./testing/other-host.ts";
import { listDescriptors } from "./testing/python-probes.ts";
import { sandboxMissing } from "./testing/sandbox-support.ts";

/** The frames and what wakes the interpreter: the runner moves them out of the way of code that counts descriptors. */
const runnersOwn = [800, 801, 802];

/** Files, folders and one to write to; at 100 stands what the worker puts there itself, at 5 what Node needs. */
const redirections = "5</etc/passwd 17</etc/passwd 100</etc 200</etc/passwd 201>>/dev/full 4000</";

describe.skipIf(process.platform !== "linux")("descriptors that the host inherited", () => {
  it.skipIf(sandboxMissing !== undefined)("are closed in the sandbox, in each of its processes", async () => {
    expect(await evaluateWithDescriptors(redirections, listDescriptors)).toEqual([[0, 1, 2, ...runnersOwn], []]);
  });

  it("are closed without a sandbox too, where one more ends the worker with its host", async () => {
    const [own] = (await evaluateWithDescriptors(redirections, listDescriptors, { sandbox: "none" })) as unknown[]; // all processes are to be seen here
    expect(own).toEqual([0, 1, 2, 100, ...runnersOwn]);
  });
});
