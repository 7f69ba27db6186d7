import { ProtocolError } from "@codelet/core";
import { isReadings, type Readings } from "./readings.ts";

/** What a worker may send. Values in it are tagged JSON, not yet decoded. */
export type WorkerFrame =
  | { readonly t: "bound"; readonly s: number; readonly python?: string; readonly pid?: number; readonly error?: string }
  /** The answer about a file: a chunk of it, or nothing when one was written. */
  | { readonly t: "file"; readonly s: number; readonly data?: string; readonly end?: boolean; readonly error?: string }
  | CallFrame
  | { readonly t: "cancel"; readonly s: number; readonly call: number }
  | { readonly t: "final"; readonly s: number; readonly value: unknown }
  | { readonly t: "rich"; readonly s: number; readonly data: Readonly<Record<string, string>> }
  /** The code's event loop sleeps and asks to be woken. */
  | { readonly t: "wake"; readonly s: number; readonly ms: number }
  | DoneFrame;

/** A host call; `s` is its id. */
export interface CallFrame {
  readonly t: "call";
  readonly s: number;
  readonly tool: string;
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
  /** What the code has read of the world since the call before. */
  readonly readings?: Readings;
  /** Size of the frame, filled in by the decoder. */
  bytes: number;
  /** Parts of JSON in it, at most; filled in by the decoder. */
  parts: number;
}

export interface DoneFrame {
  readonly t: "done";
  readonly s: number;
  readonly value?: unknown;
  /** The value as the language prints it. */
  readonly text?: string;
  readonly error?: WorkerError;
  readonly interrupted?: boolean;
  /** Streams whose end of the step is marked, because the host had not read them yet. */
  readonly marked?: readonly ("stdout" | "stderr")[];
  readonly readings?: Readings;
}

export interface WorkerError {
  readonly name: string;
  readonly message: string;
  readonly traceback: string;
  readonly line?: number;
}

type Check = (value: unknown) => boolean;
/** The fields of an object by name: all checks of `required`, and any of `optional`. */
class Shape {
  readonly #checks: ReadonlyMap<string, Check>;
  readonly #required: readonly string[];

  constructor(required: Readonly<Record<string, Check>>, optional: Readonly<Record<string, Check>> = {}) {
    this.#checks = new Map(Object.entries({ ...required, ...optional }));
    this.#required = Object.keys(required);
  }

  /** Whether an object has all required fields, and no others than these and the optional ones. */
  fits(json: Readonly<Record<string, unknown>>): boolean {
    for (const name of Object.keys(json)) if (this.#checks.get(name)?.(json[name]) !== true) return false;
    for (const name of this.#required) if (!Object.hasOwn(json, name)) return false;
    return true;
  }
}

const isText: Check = (value) => typeof value === "string";
/** A step's error and text are kept with the run. Twice what the worker's own code cuts them to: a character of Python takes up to two here. */
const isTextUpTo =
  (maxChars: number): Check =>
  (value) =>
    typeof value === "string" && value.length <= maxChars;
const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 1;
const isList: Check = (value) => Array.isArray(value);
const isFlag: Check = (value) => typeof value === "boolean";
const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === "object" && value !== null && !Array.isArray(value);
const isAnything: Check = () => true;
const isTextRecord: Check = (value) => isRecord(value) && Object.values(value).every(isText);
const isStreamList: Check = (value) => Array.isArray(value) && value.length <= 2 && value.every((name) => name === "stdout" || name === "stderr");
const errorShape = new Shape({ name: isTextUpTo(2_100), message: isTextUpTo(20_100), traceback: isTextUpTo(200_100) }, { line: isCount });
const isError: Check = (value) => isRecord(value) && errorShape.fits(value);

const frame = { t: isText, s: isCount };
const shapes: ReadonlyMap<unknown, Shape> = new Map<unknown, Shape>([
  ["bound", new Shape(frame, { python: isText, pid: isCount, error: isText })],
  ["file", new Shape(frame, { data: isText, end: isFlag, error: isText })],
  ["call", new Shape({ ...frame, tool: isText, args: isList, kwargs: isRecord }, { readings: isReadings })],
  ["cancel", new Shape({ ...frame, call: isCount })],
  ["final", new Shape({ ...frame, value: isAnything })],
  ["rich", new Shape({ ...frame, data: isTextRecord })],
  ["wake", new Shape({ ...frame, ms: isCount })],
  [
    "done",
    new Shape(frame, {
      value: isAnything,
      text: isTextUpTo(40_100),
      error: isError,
      interrupted: isFlag,
      marked: isStreamList,
      readings: isReadings,
    }),
  ],
]);

/** A frame of exactly the shape of its type, or ProtocolError. */
export function checkFrame(json: unknown): WorkerFrame {
  if (!isRecord(json)) throw new ProtocolError("The sandbox sent a frame that is no object.");
  const shape = shapes.get(json.t);
  if (shape === undefined) throw new ProtocolError("The sandbox sent a frame of an unknown type.");
  if (!shape.fits(json)) throw new ProtocolError(`The sandbox sent a malformed frame of the type ${String(json.t)}.`);
  return json as unknown as WorkerFrame;
}
