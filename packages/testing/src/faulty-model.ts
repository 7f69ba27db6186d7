import { AbortedError, type Clock, type Model, ModelCallError, type ModelDelta, type ModelRequest } from "@codelet/core";

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
export function faultyModel(model: Model, faults: readonly ModelFault[], { clock = realClock }: FaultyModelOptions = {}): Model {
  for (const { call } of faults) {
    if (!Number.isInteger(call) || call < 1) throw new TypeError(`Expected \`call\` to be an integer >= 1, got \`${call}\` (${typeof call})`);
  }
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

  const { stream } = model;
  return {
    id: model.id,
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
