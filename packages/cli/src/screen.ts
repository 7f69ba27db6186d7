import { AbortedError } from "@codelet/core";
import { fitText } from "@codelet/core/console";
import type { Environment } from "./environment.ts";

/** Where a run is shown: standard output for what it is about, standard error for what happens meanwhile. */
export interface Screen {
  /** Columns at this moment; undefined where nothing is to be wrapped. */
  readonly width: number | undefined;
  readonly colour: boolean;
  /** Columns of the line that progress and activity overwrite. */
  readonly lineColumns: number;
  /** Aborted when nobody reads standard output any more, or it can't be written. */
  readonly closed: AbortSignal;
  /** The reader was given up after `hurry`. What it has not taken keeps the process alive. */
  readonly stalled: boolean;
  /** Writes to standard output; resolves when that has taken the text, or is closed. */
  write(text: string): Promise<void>;
  /** From now on a reader that takes nothing for a second counts as gone. */
  hurry(): void;
  /** Tells what goes on: a line that the next one replaces in a terminal, a line of its own elsewhere. `""` takes it away. */
  progress(text: string): void;
  /** The same, but shown in terminals only; undefined changes nothing. */
  activity(text: string | undefined): void;
  /** A line on standard error. */
  note(text: string): void;
}

type Stream = NodeJS.WriteStream;

const eraseLine = "\r\u001b[K";
/** A terminal that was given no size says 0. */
const defaultColumns = 80;
/** How long a stalled reader is waited for in a hurry. */
const patienceMs = 1_000;

/** The screen of this process. */
export function openScreen(stdout: Stream, stderr: Stream, environment: Environment): Screen {
  const closed = new AbortController();
  const overwrites = stderr.isTTY === true && !environment.plain;
  let line = "";
  let lastProgress = "";
  let isHurried = false;
  let isWriting = false;
  let isStalled = false;
  let patience: NodeJS.Timeout | undefined;

  const lineColumns = (): number => (stderr.columns || defaultColumns) - 1; // what wraps can't be erased
  const show = (text: string): void => {
    if (overwrites && (text !== "" || line !== "")) stderr.write(eraseLine + fitText(text, lineColumns()));
    line = text;
  };
  const close = (): void => closed.abort(new AbortedError("nobody reads the output"));
  const note = (text: string): void => {
    show("");
    stderr.write(`${text}\n`);
  };
  /** A full disk loses the output, and has to be told; a reader that left knows what it does. */
  const lose = (error: NodeJS.ErrnoException): void => {
    if (error.code !== "EPIPE" && !closed.signal.aborted) note(`codelet: standard output can't be written (${error.code})`);
    close();
  };
  const limitWait = (): void => {
    if (!isHurried || !isWriting) return;
    patience = setTimeout(() => {
      isStalled = true;
      close();
    }, patienceMs);
  };
  stdout.on("error", lose);
  stderr.on("error", () => {});

  return {
    get width() {
      return stdout.isTTY ? stdout.columns || environment.columns || defaultColumns : environment.columns;
    },
    colour: stdout.isTTY === true && !environment.plain,
    get lineColumns() {
      return lineColumns();
    },
    closed: closed.signal,
    get stalled() {
      return isStalled;
    },
    async write(text) {
      if (text === "" || closed.signal.aborted) return;
      show("");
      isWriting = true;
      limitWait();
      await taken(stdout, text, closed.signal);
      if (stdout.errored) lose(stdout.errored); // the event comes later
      clearTimeout(patience);
      isWriting = false;
    },
    hurry() {
      isHurried = true;
      limitWait();
    },
    progress(text) {
      if (overwrites) show(text);
      else if (text !== "" && text !== lastProgress) stderr.write(`${text}\n`);
      lastProgress = text;
    },
    activity(text) {
      if (overwrites && text !== undefined) show(text);
    },
    note,
  };
}

/** Waits for the text itself, not for room: what is left in the stream's buffer when the process has to exit is lost. */
function taken(stream: Stream, text: string, closed: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      closed.removeEventListener("abort", done);
      resolve();
    };
    closed.addEventListener("abort", done);
    stream.write(text, done);
    if (stream.writableLength === 0) done(); // the callback comes later, and meanwhile a run joins events that are not read
  });
}
