import type { LinkFailure } from "./link-failure.ts";

/** What a link to a supervisor tells. */
export interface SupervisorEvents {
  line(kind: string, payload: string): void;
  /** The worker's CPU milliseconds. */
  beat(cpuMs: number): void;
  lost(error: LinkFailure): void;
}
