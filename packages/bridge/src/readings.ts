import { ConfigurationError, type Json, ProtocolError } from "@codelet/core";

/** What code has read of the world, by source and in order. `cut` where there was more than a step may keep. */
export type Readings = { readonly [source: string]: readonly (string | number)[] | true };

/** Both are counted in the worker, too. */
const maxReadings = 10_000;
const maxReadingChars = 256 * 1024;

type Check = (reading: unknown) => boolean;
const isNanoseconds: Check = (reading) => typeof reading === "string" && /^-?\d{1,19}$/.test(reading);
const isHex: Check = (reading) => typeof reading === "string" && reading.length % 2 === 0 && /^[\da-f]*$/.test(reading);
const isCount: Check = (reading) => Number.isSafeInteger(reading) && (reading as number) >= 1;

const sources: ReadonlyMap<string, Check> = new Map([
  ["time", isNanoseconds],
  ["monotonic", isNanoseconds],
  ["perf_counter", isNanoseconds],
  ["process_time", isNanoseconds],
  ["thread_time", isNanoseconds],
  ["urandom", isHex],
  ["pid", isCount],
  ["sleep", isCount],
  ["asyncio", isCount],
]);

/** Whether JSON has the shape that the worker's own code writes; how much it may be counts `StepReadings`. */
export function isReadings(json: unknown): json is Readings {
  if (typeof json !== "object" || json === null || Array.isArray(json)) return false;
  return Object.entries(json).every(([source, readings]) => {
    const check = sources.get(source);
    return check === undefined ? source === "cut" && readings === true : Array.isArray(readings) && readings.every(check);
  });
}

/** The readings of a step's advances as one; null stands for an advance without any. Throws `configuration` for what no session has told, and in a session that tells none. */
export function recordedReadings(parts: readonly Json[] | undefined, isReplayable = false): Readings | undefined {
  if (parts === undefined) return undefined;
  if (!isReplayable) throw new ConfigurationError("Only a session that was opened as `replayable` can run a step again: set it with `open`.");
  const step = new StepReadings();
  try {
    for (const part of parts) {
      if (part === null) continue;
      if (!isReadings(part)) throw new ProtocolError("These are no readings.");
      step.add(part);
    }
  } catch (cause) {
    throw new ConfigurationError("Expected `replay` to be the `readings` of one step's advances, in order.", { cause });
  }
  return step.take() ?? {};
}

/** What one step has read. */
export class StepReadings {
  #fresh = new Map<string, (string | number)[]>();
  #count = 0;
  #chars = 0;
  #isCut = false;
  #isCutTaken = false;

  /** Throws ProtocolError for more than a worker keeps. */
  add(readings: Readings): void {
    for (const [source, added] of Object.entries(readings)) {
      if (added === true) {
        this.#isCut = true;
        continue;
      }
      this.#count += added.length;
      for (const reading of added) if (typeof reading === "string") this.#chars += reading.length;
      const known = this.#fresh.get(source);
      if (known === undefined) this.#fresh.set(source, [...added]);
      else for (const reading of added) known.push(reading);
    }
    if (this.#count > maxReadings || this.#chars > maxReadingChars)
      throw new ProtocolError("The sandbox told more readings of one step than are kept.");
  }

  /** What was not taken yet; undefined when there is nothing. */
  take(): Readings | undefined {
    const isCut = this.#isCut && !this.#isCutTaken;
    if (this.#fresh.size === 0 && !isCut) return undefined;
    this.#isCutTaken = this.#isCut;
    const taken = Object.fromEntries(this.#fresh);
    this.#fresh = new Map();
    return isCut ? { ...taken, cut: true } : taken;
  }
}
