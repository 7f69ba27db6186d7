import type { Advance, ExecutorSession, Json, OpenSessionOptions, SandboxCall } from "@codelet/core";
import { signature } from "./tools.ts";

/** A session whose steps can be run again, with the tool `echo`. */
export const replayable: OpenSessionOptions = { seed: "s", replayable: true, tools: [signature("echo", { x: {} })] };

/** Runs a step to its end and answers each call with its argument. */
export async function advancesOf(session: ExecutorSession, code: string, replay?: readonly Json[]): Promise<readonly Advance[]> {
  const advances: Advance[] = [];
  session.start(code, { replay });
  for (;;) {
    const advance = await session.next();
    advances.push(advance);
    if (advance.type === "done") return advances;
    session.deliver(advance.calls.map(({ id, args }) => ({ id, value: args[0] ?? null })));
  }
}

export function readingsOf(advances: readonly Advance[]): readonly Json[] {
  return advances.flatMap(({ readings }) => (readings === undefined ? [] : [readings]));
}

export function callsOf(advances: readonly Advance[]): readonly SandboxCall[] {
  return advances.flatMap((advance) => (advance.type === "calls" ? advance.calls : []));
}
