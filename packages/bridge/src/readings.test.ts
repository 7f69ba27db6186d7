import type { Json } from "@codelet/core";
import { describe, expect, it } from "vitest";
import { isReadings, recordedReadings, StepReadings } from "./readings.ts";

describe("readings are", () => {
  it.each<readonly [string, Json]>([
    ["nothing", {}],
    ["of clocks", { time: ["1764342000000000000"], monotonic: ["0"], perf_counter: ["-1"], process_time: [], thread_time: ["5"] }],
    ["of randomness", { urandom: ["", "00ff"] }],
    ["counts", { pid: [1], sleep: [2, 3], asyncio: [4] }],
    ["cut", { cut: true }],
  ])("those of the worker's own code: %s", (_, json) => {
    expect(isReadings(json)).toBe(true);
  });

  it.each<readonly [string, Json]>([
    ["nothing at all", null],
    ["a list", []],
    ["text", "time"],
    ["a number", 5],
    ["another source that is cut", { files: true }],
    ["null for bytes", { urandom: [null] }],
    ["of another source", { files: [] }],
    ["not cut", { cut: false }],
    ["cut lists", { cut: [] }],
    ["no list", { time: "1" }],
    ["numbers for times", { time: [1] }],
    ["times that are none", { time: ["1.5"] }],
    ["times too long", { time: ["1".repeat(20)] }],
    ["half a byte", { urandom: ["0"] }],
    ["no bytes", { urandom: ["zz"] }],
    ["bytes as numbers", { urandom: [0] }],
    ["counts of nothing", { pid: [0] }],
    ["parts", { sleep: [1.5] }],
    ["counts as text", { asyncio: ["1"] }],
    ["partly good", { pid: [1, 0] }],
  ])("not what has another shape: %s", (_, json) => {
    expect(isReadings(json)).toBe(false);
  });
});

describe("the readings of a step", () => {
  it("are told once, by source and in order, and once that they were cut", () => {
    const step = new StepReadings();
    expect(step.take()).toBeUndefined();
    const given = ["1"];
    step.add({ time: given, pid: [7] });
    step.add({ time: ["2", "3"] });
    expect(step.take()).toEqual({ time: ["1", "2", "3"], pid: [7] });
    expect([given, step.take()]).toEqual([["1"], undefined]);
    step.add({ cut: true, time: ["4"] });
    expect(step.take()).toEqual({ time: ["4"], cut: true });
    step.add({ time: ["5"], cut: true });
    expect(step.take()).toEqual({ time: ["5"] });
    expect(step.take()).toBeUndefined();
  });

  it("are told to be cut also where there are none", () => {
    const step = new StepReadings();
    step.add({ cut: true });
    expect([step.take(), step.take()]).toEqual([{ cut: true }, undefined]);
  });

  it("are at most ten thousand, also when some were told before", () => {
    const step = new StepReadings();
    step.add({ pid: Array(5_000).fill(1) });
    step.take();
    step.add({ sleep: Array(5_000).fill(1) });
    expect(() => step.add({ sleep: [1] })).toThrow(expect.objectContaining({ code: "protocol" }));
  });

  it("have at most 256 KiB of text", () => {
    const step = new StepReadings();
    step.add({ urandom: ["0".repeat(200_000), "0".repeat(62_144)] });
    step.add({ pid: [1] });
    expect(() => step.add({ urandom: ["00"] })).toThrow(expect.objectContaining({ code: "protocol" }));
  });
});

describe("recorded readings", () => {
  it("are those of all advances as one, as far as there were any", () => {
    expect(recordedReadings(undefined, true)).toBeUndefined();
    expect(recordedReadings([], true)).toEqual({});
    expect(recordedReadings([null, { time: ["1"] }, null, { time: ["2"], cut: true }], true)).toEqual({ time: ["1", "2"], cut: true });
  });

  it.each<readonly [string, readonly Json[], boolean]>([
    ["that no session has told", [{ files: ["a"] }], true],
    ["that are no readings", ["time"], true],
    ["that are too many", [{ pid: Array(10_001).fill(1) }], true],
    ["in a session that tells none", [], false],
  ])("are refused: those %s", (_, parts, isReplayable) => {
    expect(() => recordedReadings(parts, isReplayable)).toThrow(expect.objectContaining({ code: "configuration" }));
  });
});
