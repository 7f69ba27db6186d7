import { PassThrough, Writable } from "node:stream";
import { afterEach, describe, expect, it, vi } from "vitest";
import { readEnvironment } from "./environment.ts";
import { openScreen } from "./screen.ts";

const environment = readEnvironment({});

/** A stream that keeps what was written. */
function aStream(facts: { readonly isTTY?: boolean; readonly columns?: number; readonly highWaterMark?: number } = {}): NodeJS.WriteStream & {
  written(): string;
} {
  const stream = new PassThrough({ highWaterMark: facts.highWaterMark ?? 65_536 });
  return Object.assign(stream, facts, { written: () => String(stream.read() ?? "") }) as never;
}

describe("openScreen", () => {
  it.each([
    ["a terminal", { isTTY: true, columns: 40 }, {}, { width: 40, colour: true }],
    ["a terminal and NO_COLOR", { isTTY: true, columns: 40 }, { NO_COLOR: "1" }, { width: 40, colour: false }],
    ["a dumb terminal", { isTTY: true, columns: 40 }, { TERM: "dumb" }, { width: 40, colour: false }],
    ["a terminal that doesn't know its size", { isTTY: true, columns: 0 }, { TERM: "xterm" }, { width: 80, colour: true }],
    ["a pipe", {}, {}, { width: undefined, colour: false }],
    ["a pipe and COLUMNS", {}, { COLUMNS: "50" }, { width: 50, colour: false }],
    ["a pipe and nonsense in COLUMNS", {}, { COLUMNS: "wide" }, { width: undefined, colour: false }],
  ])("knows width and colour of %s", (_, facts, variables, expected) => {
    expect(openScreen(aStream(facts), aStream(facts), readEnvironment(variables))).toMatchObject(expected);
  });

  it("overwrites one line in a terminal, and takes it away before something is written", async () => {
    const stdout = aStream({ isTTY: true, columns: 80 });
    const stderr = aStream({ isTTY: true, columns: 10 });
    const screen = openScreen(stdout, stderr, environment);
    screen.activity("one");
    screen.progress("a longer line");
    await screen.write("text\n");
    screen.note("note");
    expect(stderr.written()).toBe("\r\u001b[Kone\r\u001b[Ka longer…\r\u001b[Knote\n");
    expect(stdout.written()).toBe("text\n");
  });

  it("shows activity in a terminal that doesn't know its size", () => {
    const stderr = aStream({ isTTY: true, columns: 0 });
    openScreen(aStream(), stderr, environment).activity("Step 1: the model is asked…");
    expect(stderr.written()).toBe("\r\u001b[KStep 1: the model is asked…");
  });

  it.each([
    ["a terminal", { isTTY: true, columns: 40 }, 39],
    ["a terminal that doesn't know its size", { isTTY: true, columns: 0 }, 79],
    ["a pipe", {}, 79],
  ])("knows how long the line that is overwritten may be in %s", (_, facts, lineColumns) => {
    expect(openScreen(aStream(), aStream(facts), environment).lineColumns).toBe(lineColumns);
  });

  it("writes progress as lines elsewhere, each once, and no activity", () => {
    const stderr = aStream();
    const screen = openScreen(aStream(), stderr, environment);
    screen.activity("busy");
    for (const text of ["10 %", "10 %", "", "20 %"]) screen.progress(text);
    expect(stderr.written()).toBe("10 %\n20 %\n");
  });

  it("waits for a slow reader", async () => {
    const stdout = aStream({ highWaterMark: 4 });
    const screen = openScreen(stdout, aStream(), environment);
    let isWritten = false;
    const writing = screen.write("more than four").then(() => (isWritten = true));
    await new Promise(setImmediate);
    expect(isWritten).toBe(false);
    stdout.written();
    await writing;
  });

  it("is closed when its reader has gone, and then drops what is written", async () => {
    const stdout = aStream({ highWaterMark: 4 });
    const screen = openScreen(stdout, aStream(), environment);
    const writing = screen.write("more than four");
    stdout.emit("error", Object.assign(new Error("write EPIPE"), { code: "EPIPE" }));
    await writing;
    expect(screen.closed.aborted).toBe(true);
    expect(screen.stalled).toBe(false);
    await screen.write("x");
  });

  it("is closed when its disk is full, and says so once", async () => {
    const full = Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
    const stdout = new Writable({ write: (_chunk, _encoding, done) => done(full) });
    const stderr = aStream();
    const screen = openScreen(stdout as never, stderr, environment);
    await screen.write("lost");
    expect(screen.closed.aborted).toBe(true);
    await new Promise(setImmediate);
    expect(stderr.written()).toBe("codelet: standard output can't be written (ENOSPC)\n");
  });
});

describe("openScreen, in a hurry", () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  afterEach(() => void vi.clearAllTimers());

  /** A stream with room for everything, whose reader takes it when it is told to. */
  function aSlowStream(): { readonly stream: NodeJS.WriteStream; take(): void } {
    let take = (): void => {};
    const stream = new Writable({
      highWaterMark: 65_536,
      write(_chunk, _encoding, done) {
        take = done;
      },
    });
    return { stream: stream as never, take: () => take() };
  }

  it("waits a second for a reader that stalls, and then drops what is written", async () => {
    const screen = openScreen(aSlowStream().stream, aStream(), environment);
    const writing = screen.write("before");
    await vi.advanceTimersByTimeAsync(60_000);
    screen.hurry();
    await vi.advanceTimersByTimeAsync(900);
    expect(screen.stalled).toBe(false);
    await vi.advanceTimersByTimeAsync(200);
    await writing;
    expect(screen.stalled).toBe(true);
    expect(screen.closed.aborted).toBe(true);
    await screen.write("after");
  });

  it("gives up a reader that stalls later, though there is room for what is left", async () => {
    const screen = openScreen(aSlowStream().stream, aStream(), environment);
    screen.hurry();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(screen.stalled).toBe(false);
    const writing = screen.write("the end");
    await vi.advanceTimersByTimeAsync(1_100);
    await writing;
    expect(screen.stalled).toBe(true);
  });

  it("waits for no reader while there is nothing to read", async () => {
    const { stream, take } = aSlowStream();
    const screen = openScreen(stream, aStream(), environment);
    const writing = screen.write("all");
    take();
    await writing;
    screen.hurry();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(screen.stalled).toBe(false);
  });

  it("goes on with a reader that is slow", async () => {
    const { stream, take } = aSlowStream();
    const screen = openScreen(stream, aStream(), environment);
    screen.hurry();
    for (const text of ["one", "two", "three"]) {
      const writing = screen.write(text);
      await vi.advanceTimersByTimeAsync(900);
      take();
      await writing;
    }
    await vi.advanceTimersByTimeAsync(60_000);
    expect(screen.stalled).toBe(false);
  });
});
