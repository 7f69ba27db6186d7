import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import { fileURLToPath } from "node:url";

export interface CliProcess {
  readonly child: ChildProcess;
  /** What was written so far. */
  readonly stdout: string;
  readonly stderr: string;
  /** Resolves when standard output holds the text. */
  shows(text: string): Promise<void>;
  /** Resolves when standard error does. */
  says(text: string): Promise<void>;
  /** With the code that a shell shows: a signal that comes while Node tears itself down ends it by its number. */
  readonly exit: Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>;
}

export interface CliOptions {
  readonly environment?: Readonly<Record<string, string>>;
  /** @default the command line itself */
  readonly entry?: "cli.ts" | "demo.ts";
  /** Writes the address of each loaded module to standard error. @default false */
  readonly tracesModules?: boolean;
}

const traceModules = `import { registerHooks } from "node:module";
registerHooks({ load(url, context, next) { process.stderr.write("loads " + url + "\\n"); return next(url, context); } });`;

const inherited = ["PATH", "HOME", "TMPDIR", "XDG_CACHE_HOME", "LANG"];

/** The program from its source, as a leader of its own process group, without the variables of whoever runs the tests. */
export function startCli(argv: readonly string[], { environment = {}, entry = "cli.ts", tracesModules = false }: CliOptions = {}): CliProcess {
  const kept = Object.fromEntries(inherited.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])));
  const hooks = tracesModules ? ["--import", `data:text/javascript,${encodeURIComponent(traceModules)}`] : [];
  const child = spawn(process.execPath, [...hooks, fileURLToPath(new URL(`../${entry}`, import.meta.url)), ...argv], {
    env: { ...kept, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const texts = { stdout: "", stderr: "" };
  const waiting = new Set<() => void>();
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      texts[name] += text;
      for (const check of waiting) check();
    });
  }
  const exit = once(child, "close").then(([code, signal]) => ({ code: code ?? 128 + constants.signals[signal as NodeJS.Signals], ...texts }));
  const wait = (name: keyof typeof texts, text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const check = (): void => {
        if (!texts[name].includes(text)) return;
        waiting.delete(check);
        resolve();
      };
      waiting.add(check);
      exit.then(() => reject(new Error(`ended without ${JSON.stringify(text)} on ${name}: ${texts.stdout}${texts.stderr}`)), reject);
      check();
    });
  return {
    child,
    get stdout() {
      return texts.stdout;
    },
    get stderr() {
      return texts.stderr;
    },
    shows: (text) => wait("stdout", text),
    says: (text) => wait("stderr", text),
    exit,
  };
}

export function runCli(argv: readonly string[], options?: CliOptions): CliProcess["exit"] {
  return startCli(argv, options).exit;
}

/** The processes below one, from /proc. */
export function descendants(pid: number): readonly number[] {
  const parents = readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? [[Number(name), parentOf(Number(name))] as const] : []));
  const children = parents.filter(([, parent]) => parent === pid).map(([child]) => child);
  return children.flatMap((child) => [child, ...descendants(child)]);
}

export function isAlive(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

function parentOf(pid: number): number | undefined {
  try {
    return Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, "utf8"))?.[1]);
  } catch {
    return undefined;
  }
}
