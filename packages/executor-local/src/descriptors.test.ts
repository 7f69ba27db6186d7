import { describe, expect, it } from "vitest";
import { evaluateWithDescriptors } from "./testing/other-host.ts";
import { sandboxMissing } from "./testing/sandbox-support.ts";

/** Each descriptor that the code could use, of all processes whose descriptors it may look at. */
const listDescriptors = `
import os
def is_open(fd):
    try:
        os.fstat(fd)
        return True
    except OSError:
        return False
def of_process(pid):
    try:
        return [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
    except OSError:
        return []
shown = [target for pid in os.listdir("/proc") if pid.isdigit() for target in of_process(pid)] if os.getuid() == 65534 else []
[[fd for fd in range(4096) if is_open(fd)], [target for target in shown if target.startswith("/") and not target.startswith(("/dev/null", "/proc/"))]]
`;

/** The frames and what wakes the interpreter: the runner moves them out of the way of code that counts descriptors. */
const runnersOwn = [800, 801, 802];

/** Files, folders and one to write to; at 100 stands what the worker puts there itself, at 5 what Node needs. */
const redirections = "5</etc/passwd 17</etc/passwd 100</etc 200</etc/passwd 201>>/dev/full 4000</";

describe.skipIf(process.platform !== "linux")("descriptors that the host inherited", () => {
  it.skipIf(sandboxMissing !== undefined)("are closed in the sandbox, in each of its processes", async () => {
    expect(await evaluateWithDescriptors(redirections, listDescriptors)).toEqual([[0, 1, 2, ...runnersOwn], []]);
  });

  it("are closed without a sandbox too, where one more ends the worker with its host", async () => {
    expect(await evaluateWithDescriptors(redirections, listDescriptors, { sandbox: "none" })).toEqual([[0, 1, 2, 100, ...runnersOwn], []]);
  });
});
