import { expect, it } from "vitest";
import { sizeMeter } from "./size-meter.ts";

/** Which limit a text exceeds that comes byte by byte, or at once. */
function exceeded(text: string, maxEventBytes: number, maxResponseBytes = 1_000_000, isEventStream = true): string | undefined {
  const bytes = new TextEncoder().encode(text);
  const limitOf = (pieces: readonly Uint8Array[]): string | undefined => {
    const meter = sizeMeter({ maxEventBytes, maxResponseBytes }, isEventStream);
    try {
      for (const piece of pieces) meter(piece);
      return undefined;
    } catch (error) {
      expect(error).toMatchObject({ code: "model-call", retryable: false });
      return (error as { details: { limit: string } }).details.limit;
    }
  };
  const limit = limitOf([bytes]);
  expect(limitOf(Array.from(bytes, (byte) => Uint8Array.of(byte)))).toBe(limit);
  return limit;
}

it.each(["\n", "\r\n", "\r"])("counts each event for itself, and all of its lines, where they end with %j", (end) => {
  const event = `data: a${end}data:b${end}id: data:${end}${end}`;
  expect(exceeded(event.repeat(3), event.length)).toBeUndefined();
  const read = event.length - end.length; // the last line break is no part of what is kept
  expect(exceeded(event, read)).toBeUndefined();
  expect(exceeded(event, read - 1)).toBe("maxEventBytes");
});

it.each([": data:\n\n", "\n", "id: data: x\n\n", "dat: x\n\n"])("ends no event at a line without data: %j", (text) => {
  expect(exceeded(`data: a\n\n${text.repeat(20)}`, 18)).toBe("maxEventBytes");
});

it("bounds a stream as a whole, and an answer in one piece as an event", () => {
  const events = "data: a\n\n".repeat(4);
  expect(exceeded(events, 9, events.length)).toBeUndefined();
  expect(exceeded(events, 9, events.length - 1)).toBe("maxResponseBytes");
  expect(exceeded(events, events.length, 1, false)).toBeUndefined();
  expect(exceeded(events, events.length - 1, 1, false)).toBe("maxEventBytes");
});
