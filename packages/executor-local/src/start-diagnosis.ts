import { existsSync, readFileSync } from "node:fs";
import { ConfigurationError } from "@codelet/core";
import type { LocalSandbox } from "./options.ts";

/** What is known of a sandbox that did not start. */
export interface FailedStart {
  /** How it ended: an exit code, a signal, or the error of starting it. */
  readonly reason: string;
  readonly stderr: string;
  readonly python: string;
  readonly sandbox: LocalSandbox;
}

/** What the system says about user namespaces, on which bubblewrap rests. */
export interface SystemFacts {
  readonly apparmorRestricted: boolean;
  readonly unprivilegedAllowed: boolean;
  readonly maxNamespaces: number;
  readonly seccomp: boolean;
  readonly container: boolean;
}

const alternatives =
  'Or use @codelet/executor-wasm, which needs no bubblewrap; or, only for code that you would run yourself, `sandbox: "none"`: it then has all of your rights (isolation level 0).';

/** The error for a sandbox that can't start: its cause from facts, what to do, and what else there is. */
export function explainStart(failure: FailedStart, facts: SystemFacts = readFacts()): ConfigurationError {
  const { cause, remedy } = failure.sandbox === "none" ? pythonFault(failure) : sandboxFault(failure, facts);
  const said = firstLine(failure.stderr);
  const sentences = [cause, remedy, ...(failure.sandbox === "none" ? [] : [alternatives])];
  return new ConfigurationError(`The local sandbox does not start: ${sentences.join(" ")}`, {
    details: { reason: failure.reason, said, python: failure.python },
  });
}

export function bubblewrapMissing(): ConfigurationError {
  return new ConfigurationError(
    `bubblewrap (\`bwrap\`) is not installed. Install it (Debian, Ubuntu: apt install bubblewrap; Fedora: dnf install bubblewrap). ${alternatives}`,
  );
}

export function platformUnsupported(platform: string, sandbox: LocalSandbox): ConfigurationError | undefined {
  if (platform === "linux" || (platform === "darwin" && sandbox !== "required")) return undefined;
  const { reason, remedy } = platform === "darwin" ? onMacos : elsewhere(platform);
  return new ConfigurationError(`The local executor can't run on ${platform} with \`sandbox: "${sandbox}"\`: ${reason} ${remedy}`, {
    details: { platform, sandbox },
  });
}

const onMacos = {
  reason: "bubblewrap is there for Linux only.",
  remedy:
    'Use `sandbox: "sandbox-runtime"` (npm install @anthropic-ai/sandbox-runtime@0.0.83), or @codelet/executor-wasm; or, only for code that you would run yourself, ' +
    '`sandbox: "none"`: it then has all of your rights (isolation level 0).',
};

function elsewhere(platform: string): typeof onMacos {
  const system = platform === "win32" ? "Windows" : platform;
  return {
    reason: `it runs on Linux and macOS only, with a sandbox or without: on ${system} it can neither enclose a Python nor end all that one has started.`,
    remedy:
      "Use @codelet/executor-wasm, which brings its own Python and isolates it, or @codelet/executor-docker for packages that need a real one." +
      (platform === "win32" ? " In WSL 2 the local executor runs as on Linux." : ""),
  };
}

export function rootUnsupported(): ConfigurationError {
  return new ConfigurationError(
    'The local executor does not run as root with `sandbox: "sandbox-runtime"`: code in it would be root too, with all capabilities of its namespace. ' +
      'Start this process as an ordinary user or, on Linux, use `sandbox: "required"`, which makes code an unprivileged user.',
  );
}

export function architectureUnsupported(architecture: string): ConfigurationError {
  return new ConfigurationError(`The local sandbox can't run on ${architecture}: its filter of system calls is for x64 and arm64. ${alternatives}`, {
    details: { architecture },
  });
}

export function readFacts(): SystemFacts {
  return {
    apparmorRestricted: readNumber("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", 0) === 1,
    unprivilegedAllowed: readNumber("/proc/sys/kernel/unprivileged_userns_clone", 1) !== 0,
    maxNamespaces: readNumber("/proc/sys/user/max_user_namespaces", Number.MAX_SAFE_INTEGER),
    seccomp: /^Seccomp:\s+2$/m.test(readText("/proc/self/status")),
    container: existsSync("/.dockerenv") || existsSync("/run/.containerenv") || /docker|kubepods|containerd|lxc/.test(readText("/proc/1/cgroup")),
  };
}

interface Fault {
  readonly cause: string;
  readonly remedy: string;
}

function sandboxFault(failure: FailedStart, facts: SystemFacts): Fault {
  const { stderr } = failure;
  const option = /bwrap: Unknown option (\S+)/.exec(stderr)?.[1];
  if (option !== undefined)
    return {
      cause: `this bubblewrap does not know ${option}; 0.8.0 or newer is needed.`,
      remedy: "Update it (Debian 12, Ubuntu 24.04 and newer have it).",
    };
  if (stderr.trim() === "") return silentFault(failure);
  if (!/^(bwrap|setpriv):/m.test(stderr)) return pythonFault(failure);
  if (facts.maxNamespaces === 0) return disabled("user.max_user_namespaces is 0", "sysctl user.max_user_namespaces=10000");
  if (!facts.unprivilegedAllowed) return disabled("kernel.unprivileged_userns_clone is 0", "sysctl kernel.unprivileged_userns_clone=1");
  if (facts.apparmorRestricted && isDenied(stderr)) {
    return {
      cause: `AppArmor denies user namespaces to programs without a profile (kernel.apparmor_restrict_unprivileged_userns is 1); bubblewrap said "${firstLine(stderr)}".`,
      remedy: apparmorRemedy,
    };
  }
  if (isDenied(stderr) && (facts.container || facts.seccomp)) {
    return {
      cause: `this container does not let programs make user namespaces (seccomp or a masked /proc); bubblewrap said "${firstLine(stderr)}".`,
      remedy:
        "Start the container with --security-opt seccomp=unconfined --security-opt systempaths=unconfined (or a profile that allows unshare, clone and mount).",
    };
  }
  return {
    cause: `bubblewrap said "${firstLine(stderr)}" (${failure.reason}).`,
    remedy: tryBubblewrap,
  };
}

const tryBubblewrap = "`bwrap --unshare-user --ro-bind / / true` shows whether it works at all.";

const apparmorRemedy =
  "Let bubblewrap do it: write `abi <abi/4.0>, include <tunables/global> profile bwrap /usr/bin/bwrap flags=(unconfined) { userns, }` to /etc/apparmor.d/bwrap and reload it " +
  "(apparmor_parser -r /etc/apparmor.d/bwrap), or allow it to all programs: sysctl kernel.apparmor_restrict_unprivileged_userns=0.";

function disabled(fact: string, command: string): Fault {
  return { cause: `this system has user namespaces turned off (${fact}).`, remedy: `An administrator turns them on with \`${command}\`.` };
}

/** Bubblewrap tells a signal that ended the Python in it as an exit code: a signal was its own. */
function silentFault({ python, reason }: FailedStart): Fault {
  const cause = reason.startsWith("SIG")
    ? `bubblewrap was ended by ${reason} before it was ready.`
    : `bubblewrap, or the Python at ${python} in it, ended before it was ready (${reason}) and left no message.`;
  return { cause, remedy: tryBubblewrap };
}

function pythonFault({ python, reason, stderr }: FailedStart): Fault {
  const said = stderr.trim() === "" ? "" : ` and said "${lastLine(stderr)}"`;
  return {
    cause: `the Python at ${python} ended before it was ready (${reason})${said}.`,
    remedy: "Set `python` to one that works, in the sandbox also without your home folder.",
  };
}

/** A mount of another program, such as a container's, went away while bubblewrap looked at all of them: the next start doesn't meet it. */
export function isMountRace(stderr: string): boolean {
  return /^bwrap: Can't bind mount .*: (Unable to (apply mount flags|remount)|Can't find mount|.*No such file or directory)/m.test(stderr);
}

function isDenied(stderr: string): boolean {
  return /Operation not permitted|Permission denied|No permissions|Can't mount proc|RTM_NEWADDR/.test(stderr);
}

function firstLine(text: string): string {
  return text.trim().split("\n")[0]?.slice(0, 300) ?? "";
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1)?.slice(0, 300) ?? "";
}

function readNumber(file: string, otherwise: number): number {
  const text = readText(file).trim();
  return text === "" ? otherwise : Number(text);
}

function readText(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return "";
  }
}
