import { homedir } from "node:os";
import { dirname } from "node:path";
import type { Interpreter } from "./interpreter.ts";
import { sandboxPaths } from "./sandbox-paths.ts";

/** What code may read and write, in the words of the package's functions. Every path is literal: no character of it is a pattern. */
export interface PackageFiles {
  readonly readConfig: { denyOnly: string[]; literalDenyOnly: string[]; literalAllowWithinDeny: string[] };
  readonly writeConfig: { allowOnly: string[]; literalAllowOnly: string[]; denyWithinAllow: string[] };
}

/** What macOS keeps of people, of mounted volumes and of other programs. The rest of the system is readable, as `/usr` is on Linux. */
const macosClosed = ["/Users", "/Volumes", "/Network", "/private"];
const macosOpen = ["/private/etc/localtime", "/private/var/db/timezone", "/private/var/db/dyld", "/private/var/select"];
const macosDevices = ["/dev/null", "/dev/stdout", "/dev/stderr", "/dev/dtracehelper"];

/** Seatbelt: everything is readable but what the lists close; only the folder can be written to. */
export function macosFiles(interpreter: Interpreter, folder: string): PackageFiles {
  const open = [...sandboxPaths(interpreter).binds, ...macosOpen, folder];
  return {
    readConfig: { denyOnly: [], literalDenyOnly: [...macosClosed, homedir()], literalAllowWithinDeny: open },
    writeConfig: { allowOnly: [], literalAllowOnly: [...macosDevices, folder], denyWithinAllow: [] },
  };
}

/** Bubblewrap: nothing is there but what is named. `helper` is the package's own program, which starts inside. */
export function linuxFiles(interpreter: Interpreter, folder: string, helper: string): PackageFiles {
  const open = [...sandboxPaths(interpreter).binds, dirname(helper)];
  return {
    readConfig: { denyOnly: [], literalDenyOnly: ["/"], literalAllowWithinDeny: open },
    writeConfig: { allowOnly: [], literalAllowOnly: [folder], denyWithinAllow: [] },
  };
}

/**
 * The links by which the interpreter is named, as `[path, target]`, to be made in the empty folders of the sandbox. Open to the package they would be what they
 * lead to: of a project with an environment in it, all of it.
 */
export function linksToMake(interpreter: Interpreter): readonly (readonly [string, string])[] {
  // Those in the root are the system's, and are there.
  return sandboxPaths(interpreter).symlinks.filter(([path]) => dirname(path) !== "/");
}
