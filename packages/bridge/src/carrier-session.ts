import { ConfigurationError, type ExecutorSession, type Json, type OpenSessionOptions, type SessionRef } from "@codelet/core";
import type { BridgeLimits } from "./bridge-limits.ts";
import { bridgeSession } from "./bridge-session.ts";
import type { Carrier, SupervisionOptions } from "./carrier.ts";
import { gone } from "./machine-gone.ts";
import { newMarkPrefix } from "./session-options.ts";
import { type Supervision, superviseCarrier } from "./supervise-carrier.ts";

/** What a session over a carrier is made from. */
export interface CarrierSessionOptions {
  /** Name of the executor, for messages and references. */
  readonly executor: string;
  readonly open: OpenSessionOptions;
  /** A stream to a supervisor (see `supervisorBoot`). The session owns it: closes it at its end, and when it can't be opened. */
  readonly carrier: Carrier;
  /**
   * How the machine is found again, when it can be: makes the session's `reference`, and `detach` where the carrier has one. With `open.restore` the carrier
   * must lead to the machine that `machineOf` named.
   */
  readonly machine?: Json | undefined;
  /** Milliseconds that a detached machine waits for another host. Minimum 1. @default 3_600_000 */
  readonly detachedTimeoutMs?: number | undefined;
  readonly graceMs?: number | undefined;
  readonly limits?: Partial<BridgeLimits> | undefined;
  readonly supervision?: Omit<SupervisionOptions, "adopt" | "signal"> | undefined;
}

interface ReferenceData {
  readonly version: 1;
  readonly machine: Json;
  readonly markPrefix: string;
}

const defaultDetachedTimeoutMs = 3_600_000;

/** A session over any carrier: what an executor of a container or a cloud returns from `open`. Rejects like `Executor.open`. */
export async function carrierSession(options: CarrierSessionOptions): Promise<ExecutorSession> {
  const { executor, open, carrier } = options;
  const isLeft = open.restore !== undefined;
  if (isLeft && !isReference(open.restore, executor)) await carrier.close();
  const markPrefix = isLeft ? dataOf(open.restore, executor).markPrefix : newMarkPrefix();
  const supervision = await superviseCarrier(carrier, { ...options.supervision, adopt: isLeft, signal: open.signal });
  const end = async (): Promise<void> => supervision[Symbol.asyncDispose]();
  // Until it is open, what another host has left stays for the next attempt.
  let release = isLeft ? () => supervision.leave() : end;
  try {
    const session = await supervisedSession(options, supervision, markPrefix, () => release());
    release = end;
    return session;
  } catch (error) {
    await release();
    throw error;
  }
}

function supervisedSession(
  options: CarrierSessionOptions,
  supervision: Supervision,
  markPrefix: string,
  release: () => Promise<void>,
): Promise<ExecutorSession> {
  const { executor, open, carrier, machine, detachedTimeoutMs = defaultDetachedTimeoutMs, graceMs, limits } = options;
  const data = { version: 1, machine: machine ?? null, markPrefix } satisfies ReferenceData;
  const reference = machine === undefined ? undefined : ({ executor, data } satisfies SessionRef);
  const { left, lastKey } = supervision;
  // A worker that has run nothing, after others that have, is the successor of one that was lost.
  const isLost = left === undefined || (left.number === 0 && lastKey !== undefined && lastKey !== "");
  const canDetach = reference !== undefined && carrier.detach !== undefined;
  return bridgeSession({
    executor,
    open,
    graceMs,
    limits,
    connect: () => supervision.connect(),
    markPrefix,
    left,
    lastKey: open.restore === undefined ? undefined : lastKey,
    stateLost: open.restore !== undefined && isLost,
    reference,
    detach: canDetach ? () => leave(supervision, detachedTimeoutMs, reference) : undefined,
    release,
  });
}

async function leave(supervision: Supervision, keepMs: number, reference: SessionRef): Promise<SessionRef> {
  await supervision.detach(keepMs);
  return reference;
}

/** The `machine` of a reference that a session of this executor gave. Throws `configuration` for any other, which is found at no attempt. */
export function machineOf(reference: SessionRef, executor: string): Json {
  return dataOf(reference, executor).machine;
}

function isReference(reference: SessionRef | undefined, executor: string): boolean {
  const data = reference?.data as Partial<ReferenceData> | null | undefined;
  return reference?.executor === executor && data?.version === 1 && data.machine !== undefined && typeof data.markPrefix === "string";
}

function dataOf(reference: SessionRef | undefined, executor: string): ReferenceData {
  if (isReference(reference, executor)) return reference?.data as unknown as ReferenceData;
  throw new ConfigurationError(`The reference is none of a session of the executor ${executor}.`, { details: gone });
}
