import { answerFaults, callFaults, stopFaults } from "./answer-faults.ts";
import { abortFaults, errorFaults, historyFaults, requestFaults } from "./request-faults.ts";
import type { Fault } from "./spoil.ts";

/** Deliberate faults, one at least for each case but the one that waits. */
export const faults: readonly Fault[] = [
  ...[...answerFaults, ...callFaults, ...stopFaults],
  ...[...requestFaults, ...historyFaults, ...errorFaults, ...abortFaults],
];
