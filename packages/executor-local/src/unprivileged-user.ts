import { statSync } from "node:fs";
import { dirname } from "node:path";

/** The user and group that root becomes before bubblewrap starts: "nobody". Root inside a sandbox still owns root's files, and no process limit holds for it. */
export const unprivilegedId = 65_534;

export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** The outermost folder on the way to `path` that the unprivileged user can't enter, such as root's home; undefined when it gets there. */
export function closedAncestor(path: string): string | undefined {
  return ancestors(path).find((folder) => !canEnter(folder));
}

/** Outermost first, without `/` and the path itself. */
export function ancestors(path: string): string[] {
  const parent = dirname(path);
  return parent === "/" ? [] : [...ancestors(parent), parent];
}

function canEnter(folder: string): boolean {
  const { mode, uid, gid } = statSync(folder);
  const execute = uid === unprivilegedId ? 0o100 : gid === unprivilegedId ? 0o010 : 0o001;
  return (mode & execute) !== 0;
}
