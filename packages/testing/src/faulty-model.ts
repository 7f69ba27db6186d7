import { AbortedError, type Clock, type Model, ModelCallError, type ModelDelta, type ModelRequest } from "@codelet/core";
import { checkModel, checkOptions } from "./check-options.ts";

/** What goes wrong in one call. `call` counts from 1; several faults of a call happen in their order. */
export type ModelFault = { readonly call: number } & (
  | {
      readonly type: "error";
      readonly status?: number | undefined;
      readonly retryable?: boolean | undefined;
      readonly retryAfterMs?: number | undefined;
    }
  /** The stream ends after so many deltas, without `finish`; a call for a whole answer fails as a cut connection does. */
  | { readonly type: "cut"; readonly afterDeltas: number }
  /** Nothing comes until the request's signal is aborted. */
  | { readonly type: "hang" }
  | { readonly type: "delay"; readonly delayMs: number }
);

/** What {@link faultyModel} may be told. */
export interface FaultyModelOptions {
  /** What a delay is measured by. @default real time */
  readonly clock?: Pick<Clock, "sleep"> | undefined;
}

/**
 * A model that fails by plan, and answers as the one behind it in all other calls. The model behind is asked in a call that is delayed or cut, and
 * not in one that fails or hangs.
 *
 * @example
 * const model = faultyModel(scriptedModel(["<code>\nfinal_answer(1)\n</code>"]), [{ call: 1, type: "error", status: 503 }]);
 */
export function faultyModel(model: Model, faults: readonly ModelFault[], options: FaultyModelOptions = {}): Model {
  const { clock = realClock } = checkOptions("faultyModel", options, { clock: true });
  if (!Array.isArray(faults)) throw new TypeError(`Expected \`faults\` to be a list, got ${typeof faults}`);
  for (const fault of faults) checkFault(fault);
  let calls = 0;

  /** Lets the faults of the next call happen; returns after how many deltas it is cut. */
  async function begin(request: ModelRequest): Promise<number | undefined> {
    const call = ++calls;
    for (const fault of faults) {
      if (fault.call !== call) continue;
      if (fault.type === "cut") return fault.afterDeltas;
      if (fault.type === "hang") await untilAborted(request.signal);
      else if (fault.type === "delay") await delay(fault.delayMs, request.signal);
      else throw new ModelCallError(`Planned fault of call ${call}: ${fault.status ?? "no connection"}.`, fault);
    }
    return undefined;
  }

  async function delay(delayMs: number, signal: AbortSignal | undefined): Promise<void> {
    await clock.sleep(delayMs, signal).catch((reason: unknown) => {
      throw new AbortedError(reason);
    });
  }

  const { id, seesImages, stream } = checkModel(model);
  return {
    id,
    seesImages,
    async generate(request) {
      const cutAfter = await begin(request);
      const response = await model.generate(request);
      if (cutAfter === undefined) return response;
      throw new ModelCallError("Planned fault: the connection was cut.", { retryable: true });
    },
    ...(stream && {
      async *stream(request: ModelRequest): AsyncGenerator<ModelDelta, void, undefined> {
        let left = (await begin(request)) ?? Number.POSITIVE_INFINITY;
        if (left <= 0) return;
        for await (const delta of stream.call(model, request)) {
          yield delta;
          if (--left <= 0) return;
        }
      },
    }),
  };
}

/** What each type of fault has to say; a fault that doesn't happen would make a test pass. */
const needed: { readonly [Type in ModelFault["type"]]: string | undefined } = {
  error: undefined,
  cut: "afterDeltas",
  hang: undefined,
  delay: "delayMs",
};

function checkFault(fault: ModelFault): void {
  const { call, type } = checkOptions("a fault", fault, faultNames);
  if (!Number.isInteger(call) || call < 1) throw new TypeError(`Expected \`call\` to be an integer >= 1, got \`${call}\` (${typeof call})`);
  if (!Object.hasOwn(needed, type)) throw new TypeError(`Expected \`type\` to be one of ${Object.keys(needed).join(", ")}, got \`${type}\``);
  const name = needed[type];
  const amount = name === undefined ? 0 : (fault as Readonly<Record<string, unknown>>)[name];
  if (!(typeof amount === "number" && amount >= 0))
    throw new TypeError(`Expected \`${name}\` to be a number >= 0, got \`${amount}\` (${typeof amount})`);
}

const faultNames = { call: true, type: true, status: true, retryable: true, retryAfterMs: true, afterDeltas: true, delayMs: true } as const;

function untilAborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    const abort = (): void => reject(new AbortedError(signal?.reason));
    if (signal?.aborted) abort();
    else signal?.addEventListener("abort", abort, { once: true });
  });
}

const realClock: Pick<Clock, "sleep"> = {
  sleep: (milliseconds, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const abort = (): void => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener("abort", abort);
        resolve();
      }, milliseconds);
      signal?.addEventListener("abort", abort, { once: true });
    }),
};
