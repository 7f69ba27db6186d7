import { expect, it } from "vitest";
import type { Advance, ExecutorSession, SandboxCall } from "./executor.ts";
import { NotResumed, RepeatedCalls } from "./repeated-calls.ts";

const save = (id: string, bytes: Uint8Array): SandboxCall => ({ id, tool: "save", args: [bytes], kwargs: {} });

/** The id of what a program that is run again calls, where that is what it had called before. */
async function repeated(recorded: SandboxCall, made: SandboxCall): Promise<string> {
  const next: ExecutorSession["next"] = async () => ({ type: "calls", calls: [made], cancelled: [] });
  const calls = new RepeatedCalls([recorded]);
  await calls.again({ next } as ExecutorSession, recorded);
  return calls.recordedOf(made.id);
}

it("tells calls by the bytes they are given", async () => {
  expect(await repeated(save("1.1", Uint8Array.of(1, 255)), save("1.2", Uint8Array.of(1, 255)))).toBe("1.1");
  await expect(repeated(save("1.1", Uint8Array.of(1, 255)), save("1.2", Uint8Array.of(1, 254)))).rejects.toThrow(NotResumed);
});

it("compares bytes without a number for each", async () => {
  let numbers = 0;
  class Counted extends Uint8Array {
    override *[Symbol.iterator](): ArrayIterator<number> {
      for (let index = 0; index < this.length; index++, numbers++) yield this[index] as number;
    }
  }
  await repeated(save("1.1", Counted.of(1, 2, 3)), save("1.1", Counted.of(1, 2, 3)));
  expect(numbers).toBe(0);
});

it("takes a program for ended also where it takes calls back first", async () => {
  const advances: Advance[] = [
    { type: "calls", calls: [], cancelled: ["1.1"] },
    { type: "done", execution: { value: 1, logs: "", outputs: [], stateLost: false, durationMs: 0 } },
  ];
  const next: ExecutorSession["next"] = async () => advances.shift() as Advance;
  await new RepeatedCalls().end({ next } as ExecutorSession);
  expect(advances).toEqual([]);
});
