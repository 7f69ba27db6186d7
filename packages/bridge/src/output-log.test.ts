import { expect, test } from "vitest";
import { OutputLog } from "./output-log.ts";

const prefix = "\u001emark:";
const markerOf = (step: number): string => `${prefix}${step}\u001e\n`;
const bytes = (text: string): Uint8Array => Buffer.from(text);

test("finds the marker of a step wherever the stream is cut, and shows all that stands around it", () => {
  const written = bytes(`é${prefix}before${markerOf(1)}after`);
  for (let first = 0; first <= written.length; first++) {
    for (let second = first; second <= written.length; second++) {
      const log = new OutputLog(1_000, prefix);
      let drained = 0;
      log.begin(1, undefined);
      log.whenMarked(["stdout"], () => drained++);
      for (const part of [written.subarray(0, first), written.subarray(first, second), written.subarray(second)]) log.append("stdout", part);
      expect({ drained, text: log.end() }).toEqual({ drained: 1, text: `é${prefix}beforeafter` });
    }
  }
});

test("waits for the markers of all streams that it was told of, and of this step", () => {
  const log = new OutputLog(1_000, prefix);
  let drained = 0;
  log.begin(2, undefined);
  log.append("stdout", bytes(markerOf(2)));
  log.whenMarked(["stdout", "stderr"], () => drained++);
  log.append("stderr", bytes(markerOf(1)));
  expect(drained).toBe(0);
  log.append("stderr", bytes(`x${markerOf(2)}`));
  log.append("stderr", bytes("y"));
  expect({ drained, text: log.end() }).toEqual({ drained: 1, text: `${markerOf(1)}xy` });
});

test("takes no marker of an earlier step for one of a step that has said nothing yet", () => {
  const log = new OutputLog(1_000, prefix);
  log.begin(1, undefined);
  log.append("stdout", bytes(markerOf(1)));
  log.end();
  let drained = 0;
  log.begin(2, undefined);
  log.whenMarked(["stdout"], () => drained++);
  expect(drained).toBe(0);
  log.append("stdout", bytes(`late${markerOf(2)}`));
  expect({ drained, text: log.end() }).toEqual({ drained: 1, text: "late" });
});

test("looks for a marker in every step, also in what came before it was told of it", () => {
  const log = new OutputLog(1_000, prefix);
  for (const step of [1, 2, 3]) {
    let drained = 0;
    log.begin(step, undefined);
    for (const stream of ["stdout", "stderr"] as const) log.append(stream, bytes(`${stream}${markerOf(step)}`));
    log.whenMarked(["stdout", "stderr"], () => drained++);
    expect({ drained, text: log.end() }).toEqual({ drained: 1, text: "stdoutstderr" });
  }
});

test("ends a step without its markers, which end nothing any more when they come", () => {
  const log = new OutputLog(1_000, prefix);
  let drained = 0;
  log.begin(1, undefined);
  log.whenMarked(["stdout"], () => drained++);
  expect(log.end()).toBe("");
  log.append("stdout", bytes(`late${markerOf(1)}`));
  log.begin(2, undefined);
  expect({ drained, text: log.end() }).toEqual({ drained: 0, text: "late" });
});

test("shows at the end what looked like the beginning of a marker, and a character that is not whole", () => {
  const log = new OutputLog(1_000, prefix);
  const live: string[] = [];
  log.begin(1, ({ text }) => live.push(text));
  log.append("stdout", Buffer.concat([bytes("a"), Buffer.from([0xc3])]));
  log.append("stderr", bytes(`b${prefix}`));
  expect(live).toEqual(["a", "b"]);
  log.append("stdout", bytes("\u001eno mark"));
  expect(live).toEqual(["a", "b", "\ufffd\u001eno mark"]);
  log.append("stdout", Buffer.from([0xc3]));
  expect(log.end()).toBe(`ab\ufffd\u001eno mark\ufffd${prefix}`);
  log.begin(2, undefined);
  log.append("stdout", bytes("next"));
  expect(log.end()).toBe("next");
});

test("cuts a step's output once, and counts the next step's anew", () => {
  const log = new OutputLog(4, prefix);
  log.begin(1, undefined);
  log.append("stdout", bytes("abcd"));
  log.append("stderr", bytes("e"));
  log.append("stdout", bytes("f"));
  expect(log.end()).toBe("abcd\n[output truncated: more than 4 bytes in one step]\n");
  log.begin(2, undefined);
  log.append("stdout", bytes("ghij"));
  expect(log.end()).toBe("ghij");
});

test("takes 8 KiB between two steps and says so, also after a step that was cut, and leaves them out of the next step's bound", () => {
  const log = new OutputLog(4, prefix);
  log.begin(1, undefined);
  log.append("stdout", bytes("abcde"));
  log.end();
  log.append("stdout", bytes("x".repeat(9_000)));
  log.begin(2, undefined);
  log.append("stdout", bytes("fghi"));
  expect(log.end()).toBe(`${"x".repeat(8_192)}\n[output truncated: more than 8192 bytes between two steps]\nfghi`);
});

test("gives what comes between two steps to the next one, and to no listener of the one before", () => {
  const log = new OutputLog(1_000, prefix);
  const live: string[] = [];
  log.begin(1, ({ text }) => live.push(text));
  log.append("stdout", bytes("one"));
  log.end();
  log.append("stdout", bytes("late "));
  log.begin(2, undefined);
  log.append("stdout", bytes("two"));
  expect({ live, text: log.end() }).toEqual({ live: ["one"], text: "late two" });
});
