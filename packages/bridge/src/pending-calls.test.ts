import { expect, test } from "vitest";
import { type BridgeLimits, defaultBridgeLimits } from "./bridge-limits.ts";
import { PendingCalls } from "./pending-calls.ts";
import type { LeftStep } from "./session-options.ts";
import type { CallFrame } from "./worker-frames.ts";

interface Opened {
  readonly calls: PendingCalls;
  /** What the worker was answered: the call and its value, or the name of its error. */
  readonly answers: readonly unknown[];
}

function open(limits: Partial<BridgeLimits> = {}, left?: LeftStep): Opened {
  const answers: unknown[] = [];
  const send = (type: string, fields: string): void => {
    const { call, value, error } = JSON.parse(`{"type":"${type}"${fields}}`);
    answers.push([call, error?.name ?? value]);
  };
  return { calls: new PendingCalls(1, { ...defaultBridgeLimits, ...limits }, send, left), answers };
}

const frame = (s: number, size: { readonly bytes?: number; readonly parts?: number } = {}): CallFrame => {
  return { t: "call", s, tool: "f", args: [], kwargs: {}, bytes: 1, parts: 1, ...size };
};
const idsOf = (calls: PendingCalls): readonly string[] => calls.take(true)?.calls.map(({ id }) => id) ?? [];

test("hands out so many calls at once, and the next one for each that is answered or given up", () => {
  const { calls, answers } = open({ maxCallsInFlight: 2 });
  for (const s of [1, 2, 3, 4]) calls.add(frame(s));
  expect(idsOf(calls)).toEqual(["1.1", "1.2"]);
  calls.deliver([{ id: "1.2", value: "two" }]);
  expect(idsOf(calls)).toEqual(["1.3"]);
  calls.cancel(1);
  expect(calls.take(true)).toMatchObject({ calls: [{ id: "1.4" }], cancelled: ["1.1"] });
  expect(answers).toEqual([[2, "two"]]);
});

test("tells nobody of a call that was given up before anybody saw it", () => {
  const { calls, answers } = open({ maxCallsInFlight: 1 });
  for (const s of [1, 2, 3]) calls.add(frame(s));
  calls.cancel(2);
  calls.cancel(1);
  expect(calls.take(true)).toMatchObject({ calls: [{ id: "1.3" }], cancelled: [] });
  calls.cancel(9);
  calls.deliver([
    { id: "1.1", value: 1 },
    { id: "1.2", value: 2 },
    { id: "1.9", value: 9 },
  ]);
  expect({ answers, isEmpty: calls.isEmpty }).toEqual({ answers: [], isEmpty: false });
});

test.each([
  ["answered", (calls: PendingCalls) => calls.deliver([{ id: "1.2", value: null }])],
  ["given up", (calls: PendingCalls) => calls.cancel(1)],
])("counts the bytes and values of calls only until they are %s", (_, end) => {
  for (const [limits, size] of [
    [{ maxFrameBytes: 100 }, { bytes: 60 }],
    [{ maxNodes: 100 }, { parts: 60 }],
  ] as const) {
    const { calls, answers } = open(limits);
    calls.add(frame(9));
    calls.add(frame(1, size));
    calls.add(frame(2, size));
    expect(answers).toEqual([[2, "LimitError"]]);
    end(calls); // the first call still waits
    calls.add(frame(3, size));
    calls.add(frame(4, size));
    expect(answers.slice(-1)).toEqual([[4, "LimitError"]]);
    expect(answers).not.toContainEqual([3, "LimitError"]);
  }
});

test("lets one call alone hold more values than many may", () => {
  const { calls, answers } = open({ maxNodes: 100 });
  calls.add(frame(1, { parts: 600 }));
  expect({ ids: idsOf(calls), answers }).toEqual({ ids: ["1.1"], answers: [] });
});

test("answers with an error for a result that is too large, and still hands out the next call", () => {
  const { calls, answers } = open({ maxCallsInFlight: 1, maxFrameBytes: 100 });
  calls.add(frame(1));
  calls.add(frame(2));
  calls.take(true);
  calls.deliver([{ id: "1.1", value: "x".repeat(101) }]);
  expect({ ids: idsOf(calls), answers }).toEqual({ ids: ["1.2"], answers: [[1, "ValueError"]] });
});

test("settles every call, also those that wait, and tells only of those that were seen", () => {
  const { calls, answers } = open({ maxCallsInFlight: 2 });
  for (const s of [1, 2, 3]) calls.add(frame(s));
  calls.take(true);
  calls.settle("AbortError", "the code was stopped");
  expect(answers).toEqual([1, 2, 3].map((s) => [s, "AbortError"]));
  expect({ taken: calls.take(true), isEmpty: calls.isEmpty }).toEqual({ taken: { calls: [], cancelled: ["1.1", "1.2"] }, isEmpty: true });
});

test("hands out no call of a step that is over", () => {
  const { calls } = open();
  calls.add(frame(1));
  expect(calls.take(false)).toBeUndefined();
  expect(calls.take(true)).toBeUndefined();
});

test("gives the calls of a step that was left their numbers, and new ones the next", () => {
  const { calls } = open({}, { number: 1, isRunning: true, calls: 5, callNumbers: { "7": 2 } });
  for (const s of [7, 8]) calls.add(frame(s));
  calls.cancel(7);
  calls.add(frame(7));
  expect(idsOf(calls)).toEqual(["1.6", "1.7"]);
});
