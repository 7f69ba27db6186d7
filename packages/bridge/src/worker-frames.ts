import { ProtocolError } from "@codelet/core";

/** What a worker may send. Values in it are tagged JSON, not yet decoded. */
export type WorkerFrame =
  | { readonly t: "bound"; readonly s: number; readonly python?: string; readonly pid?: number; readonly error?: string }
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
}

export interface WorkerError {
  readonly name: string;
  readonly message: string;
  readonly traceback: string;
  readonly line?: number;
}

type Check = (value: unknown) => boolean;
interface Shape {
  readonly required: Readonly<Record<string, Check>>;
  readonly optional?: Readonly<Record<string, Check>>;
}

const isText: Check = (value) => typeof value === "string";
const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 1;
const isList: Check = (value) => Array.isArray(value);
const isFlag: Check = (value) => typeof value === "boolean";
const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === "object" && value !== null && !Array.isArray(value);
const isAnything: Check = () => true;
const isTextRecord: Check = (value) => isRecord(value) && Object.values(value).every(isText);
const isStreamList: Check = (value) => Array.isArray(value) && value.length <= 2 && value.every((name) => name === "stdout" || name === "stderr");
const errorShape: Shape = { required: { name: isText, message: isText, traceback: isText }, optional: { line: isCount } };

const shapes: ReadonlyMap<unknown, Shape> = new Map<unknown, Shape>([
  ["bound", { required: {}, optional: { python: isText, pid: isCount, error: isText } }],
  ["call", { required: { tool: isText, args: isList, kwargs: isRecord } }],
  ["cancel", { required: { call: isCount } }],
  ["final", { required: { value: isAnything } }],
  ["rich", { required: { data: isTextRecord } }],
  ["wake", { required: { ms: isCount } }],
  [
    "done",
    {
      required: {},
      optional: {
        value: isAnything,
        text: isText,
        error: (value) => isRecord(value) && fits(value, errorShape, 0),
        interrupted: isFlag,
        marked: isStreamList,
      },
    },
  ],
]);

/** A frame of exactly the shape of its type, or ProtocolError. */
export function checkFrame(json: unknown): WorkerFrame {
  if (!isRecord(json)) throw new ProtocolError("The sandbox sent a frame that is no object.");
  const shape = shapes.get(json.t);
  if (shape === undefined) throw new ProtocolError("The sandbox sent a frame of an unknown type.");
  if (!isCount(json.s) || !fits(json, shape, 2)) throw new ProtocolError(`The sandbox sent a malformed frame of the type ${String(json.t)}.`);
  return json as unknown as WorkerFrame;
}

/** Whether all required fields are there, and with `extra` more of any name no others than the optional ones. */
function fits(json: Readonly<Record<string, unknown>>, shape: Shape, extra: number): boolean {
  let known = extra;
  for (const name in shape.required) {
    if (!Object.hasOwn(json, name) || !shape.required[name]?.(json[name])) return false;
    known++;
  }
  for (const name in shape.optional) {
    if (!Object.hasOwn(json, name)) continue;
    if (!shape.optional[name]?.(json[name])) return false;
    known++;
  }
  return Object.keys(json).length === known;
}
