import { expect, it } from "vitest";
import type { ExecutorSession, SandboxCall } from "./executor.ts";
import { NotResumed, RepeatedCalls } from "./repeated-calls.ts";

const save = (id: string, bytes: Uint8Array): SandboxCall => ({ id, tool: "save", args: [bytes], kwargs: {} });

/** What a program that is run again calls. */
function repeated(recorded: SandboxCall, made: SandboxCall): Promise<SandboxCall> {
  const next: ExecutorSession["next"] = async () => ({ type: "calls", calls: [made], cancelled: [] });
  return new RepeatedCalls({ next } as ExecutorSession, [recorded]).again(recorded);
}

it("tells calls by the bytes they are given", async () => {
  expect(await repeated(save("1.1", Uint8Array.of(1, 255)), save("1.2", Uint8Array.of(1, 255)))).toMatchObject({ id: "1.2" });
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
