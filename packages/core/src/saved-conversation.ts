import { describeThrown, ProtocolError } from "./errors.ts";
import type { SessionRef } from "./executor.ts";
import { Memory, type Step } from "./memory.ts";
import type { Thread } from "./run-context.ts";
import { decodeState, encodeState } from "./state-codec.ts";
import type { Json, Value } from "./value.ts";

/** A conversation as plain JSON. */
export interface SavedConversation {
  readonly version: 1;
  /** Its steps, pictures included, and what else is remembered. */
  readonly thread: Json;
  /** How its sandbox is found again, where the executor can: leave it out to begin with a fresh one. */
  readonly sandbox?: SessionRef | undefined;
}

export const freshSandbox = "The sandbox is a new one: variables, functions and imports from before this message are gone.";

interface SavedThread {
  readonly steps: readonly Step[];
  readonly values: Readonly<Record<string, Value>>;
  readonly untrusted: readonly string[];
  readonly left?: string | null | undefined;
}

export async function saveThread({ memory, values, exposure, left, sandbox }: Thread): Promise<SavedConversation> {
  const saved: SavedThread = { steps: memory.steps, values: Object.fromEntries(values), untrusted: [...exposure.untrusted], left };
  return { version: 1, thread: encodeState(saved), sandbox: await sandbox?.save() };
}

/** Throws ProtocolError when what was saved is damaged. */
export function loadThread(saved: SavedConversation): Thread {
  const { version, thread, sandbox } = (saved ?? {}) as SavedConversation;
  const parse = typeof saved === "string" ? ": parse its JSON first" : "";
  if (version !== 1)
    throw new ProtocolError(
      `Expected what \`conversation.save()\` resolved with, of version 1, got version ${String(version)} of type \`${typeof saved}\`${parse}.`,
    );
  try {
    const { steps, values, untrusted, left } = decodeState(thread) as unknown as SavedThread;
    const hasCode = steps.some((step) => step.type === "action" && step.code !== "");
    const note = hasCode && sandbox === undefined ? freshSandbox : undefined;
    return {
      memory: new Memory(steps),
      values: new Map(Object.entries(values)),
      exposure: { untrusted: new Set(untrusted) },
      restore: sandbox,
      note,
      left: left ?? undefined,
    };
  } catch (error) {
    throw new ProtocolError(`The saved conversation is damaged: ${describeThrown(error).message}`, { cause: error });
  }
}
