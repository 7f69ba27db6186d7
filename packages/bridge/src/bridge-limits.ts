/** What one session may send, hold and do. All are integers >= 1. */
export interface BridgeLimits {
  /** Bytes of one frame, so of one value. @default 67_108_864 */
  readonly maxFrameBytes: number;
  /** Nesting of containers in one value. @default 100 */
  readonly maxDepth: number;
  /** Values in one value, containers included. @default 1_000_000 */
  readonly maxNodes: number;
  /** Bytes of standard output and error of one step; the rest is dropped with a visible marker. @default 262_144 */
  readonly maxOutputBytes: number;
  /** Displayed objects of one step. @default 32 */
  readonly maxRichParts: number;
  /** Bytes of all displayed objects of one step. @default 16_777_216 */
  readonly maxRichBytes: number;
  /** Host calls of one step; further ones fail in the code. @default 1_000 */
  readonly maxCallsPerStep: number;
  /** Host calls handed out at once; further ones wait their turn. @default 32 */
  readonly maxCallsInFlight: number;
  /** Bytes of the source of one step. @default 262_144 */
  readonly maxCodeBytes: number;
}

/** The bounds of a session unless its executor sets others. */
export const defaultBridgeLimits: BridgeLimits = {
  maxFrameBytes: 64 * 1024 * 1024,
  maxDepth: 100,
  maxNodes: 1_000_000,
  maxOutputBytes: 256 * 1024,
  maxRichParts: 32,
  maxRichBytes: 16 * 1024 * 1024,
  maxCallsPerStep: 1_000,
  maxCallsInFlight: 32,
  maxCodeBytes: 256 * 1024,
};

const maxUnreadBeyondCalls = 20_000;

/** Frames that may wait for a worker to read them: code may ask much faster than it reads, and each answer is held until then. */
export function maxUnreadFrames({ maxCallsPerStep }: BridgeLimits): number {
  return maxCallsPerStep + maxUnreadBeyondCalls;
}

/** Complete, checked limits. Throws TypeError for what is no integer >= 1. */
export function resolveBridgeLimits(limits: Partial<BridgeLimits> = {}): BridgeLimits {
  for (const [name, value] of Object.entries(limits)) {
    if (!(name in defaultBridgeLimits)) throw new TypeError(`Unknown limit \`${name}\`.`);
    if (value !== undefined && !(Number.isSafeInteger(value) && value >= 1)) {
      throw new TypeError(`Expected \`${name}\` to be an integer >= 1, got \`${String(value)}\` (${typeof value})`);
    }
  }
  const given = Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
  return { ...defaultBridgeLimits, ...given };
}
