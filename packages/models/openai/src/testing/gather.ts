import type { Model, ModelDelta, ModelRequest } from "@codelet/core";

/** All deltas of a streamed answer. */
export async function gather(model: Model, request: ModelRequest): Promise<readonly ModelDelta[]> {
  const deltas: ModelDelta[] = [];
  for await (const delta of model.stream?.(request) ?? []) deltas.push(delta);
  return deltas;
}

/** Neighbouring text and reasoning joined, so that answers can be compared however they were cut into pieces. */
export function joined(deltas: readonly ModelDelta[]): readonly ModelDelta[] {
  const result: ModelDelta[] = [];
  for (const delta of deltas) {
    const last = result.at(-1);
    if ((delta.type === "text" || delta.type === "reasoning") && last?.type === delta.type)
      result[result.length - 1] = { ...last, text: last.text + delta.text };
    else result.push(delta);
  }
  return result;
}

export const ask = (text: string): ModelRequest => ({ messages: [{ role: "user", content: text }] });
