import { AbortedError } from "@codelet/core";
import { fitText } from "@codelet/core/console";
import type { Environment } from "./environment.ts";

/** Where a run is shown: standard output for what it is about, standard error for what happens meanwhile. */
export interface Screen {
  /** Columns at this moment; undefined where nothing is to be wrapped. */
  readonly width: number | undefined;
  readonly colour: boolean;
  /** Aborted when nobody reads standard output any more. */
  readonly closed: AbortSignal;
  /** Writes to standard output; resolves when there is room for more. */
  write(text: string): Promise<void>;
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

/** The screen of this process. */
export function openScreen(stdout: Stream, stderr: Stream, environment: Environment): Screen {
  const closed = new AbortController();
  const overwrites = stderr.isTTY === true && !environment.plain;
  let line = "";
  let lastProgress = "";

  const show = (text: string): void => {
    if (overwrites && (text !== "" || line !== "")) stderr.write(eraseLine + fitText(text, (stderr.columns || defaultColumns) - 1)); // what wraps can't be erased;
    line = text;
  };
  stdout.on("error", () => closed.abort(new AbortedError("nobody reads the output")));
  stderr.on("error", () => {});

  return {
    get width() {
      return stdout.isTTY ? stdout.columns || environment.columns || defaultColumns : environment.columns;
    },
    colour: stdout.isTTY === true && !environment.plain,
    closed: closed.signal,
    async write(text) {
      if (text === "" || closed.signal.aborted) return;
      show("");
      if (!stdout.write(text)) await drained(stdout, closed.signal);
    },
    progress(text) {
      if (overwrites) show(text);
      else if (text !== "" && text !== lastProgress) stderr.write(`${text}\n`);
      lastProgress = text;
    },
    activity(text) {
      if (overwrites && text !== undefined) show(text);
    },
    note(text) {
      show("");
      stderr.write(`${text}\n`);
    },
  };
}

function drained(stream: Stream, closed: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stream.off("drain", done);
      closed.removeEventListener("abort", done);
      resolve();
    };
    stream.on("drain", done);
    closed.addEventListener("abort", done);
  });
}
