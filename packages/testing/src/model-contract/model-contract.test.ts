import type { Model, ModelDelta, ModelRequest } from "@codelet/core";
import { describe, expect, it } from "vitest";
import { faultyModel } from "../faulty-model.ts";
import { recordModel } from "../record-model.ts";
import { replayModel } from "../replay-model.ts";
import { scriptedModel } from "../scripted-model.ts";
import { hello } from "./both-ways.ts";
import { type ModelContractOptions, type ModelLacks, modelContractGroups } from "./contract-options.ts";
import { modelContract } from "./model-contract.ts";
import { saysNothing } from "./server-answers.ts";
import { lineModel, lineWire } from "./testing/line-model.ts";
import { allOf } from "./testing/spoil.ts";
import { eventually } from "./within.ts";

const lacks: ModelLacks = { silenceLimit: "the line model waits forever", sizeLimit: "the line model takes all" };
const suite: Omit<ModelContractOptions, "create"> = { it, describe, wire: lineWire, lacks };

modelContract({ ...suite, name: "a model of lines", create: lineModel });
modelContract({ ...suite, name: "a recorded model", create: (setup) => recordModel(lineModel(setup), () => {}) });
modelContract({ ...suite, name: "a faulty model without faults", create: (setup) => faultyModel(lineModel(setup), []) });
modelContract({ ...suite, name: "a plain function", create: (setup) => (request) => lineModel(setup).generate(request) });

modelContract({
  ...suite,
  name: "a scripted model",
  create: (setup) => {
    const { stream } = lineModel(setup);
    const reply = (request: ModelRequest): Promise<readonly ModelDelta[]> => allOf(stream(request));
    return scriptedModel(Array<typeof reply>(10_000).fill(reply));
  },
  deviations: ["aborts: a stream that has begun ends at once, and hangs up", "aborts: who leaves a stream ends its request"].map((name) => ({
    case: name,
    reason: "a reply is made whole before its first piece is said",
    instead: async ({ serve }) => {
      const { model, requests } = await serve(saysNothing);
      const controller = new AbortController();
      const first = model
        .stream?.({ ...hello, signal: controller.signal })
        [Symbol.asyncIterator]()
        .next();
      await eventually(1_000, "the request", () => requests.length === 1);
      controller.abort();
      await expect(first).rejects.toMatchObject({ code: "aborted" });
    },
  })),
});

modelContract({
  ...suite,
  name: "a replayed model",
  groups: modelContractGroups.filter((group) => group !== "aborts"), // a recording has ended
  create: (setup) => replayed(lineModel(setup)),
});

/** What a call gives is the replay of its recording. */
function replayed(model: Model): Model {
  const record = async (play: (recorded: Model) => Promise<unknown>): Promise<Required<Pick<Model, "generate" | "stream">>> => {
    let cassette = "";
    await play(
      recordModel(model, (line) => {
        cassette += line;
      }),
    ).catch(() => {}); // the recording has it
    return replayModel(cassette);
  };
  return {
    id: model.id,
    generate: async (request) => (await record((recorded) => recorded.generate(request))).generate(request),
    async *stream(request) {
      const replay = await record(async (recorded) => {
        for await (const _ of recorded.stream?.(request) ?? []);
      });
      yield* replay.stream(request);
    },
  };
}
