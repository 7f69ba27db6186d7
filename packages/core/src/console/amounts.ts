import type { Usage } from "../model.ts";

/** `950 ms`, `3.4 s`, `2 min 5 s`. */
export function duration(milliseconds: number): string {
  if (milliseconds < 1_000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 59_950) return `${(milliseconds / 1_000).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1_000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** `1,203 tokens in (900 cached), 210 out`; nothing where no tokens were counted. */
export function tokens({ input, cacheRead, output }: Usage): string {
  if (input + output === 0) return "";
  const cached = cacheRead === 0 ? "" : ` (${grouped(cacheRead)} cached)`;
  return `${grouped(input)} tokens in${cached}, ${grouped(output)} out`;
}

export function count(amount: number, singular: string): string {
  return `${grouped(amount)} ${singular}${amount === 1 ? "" : "s"}`;
}

function grouped(amount: number): string {
  return amount.toLocaleString("en-US");
}
