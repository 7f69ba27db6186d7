import { readDataFile } from "../data-file.ts";

/** One way in which real CPython behaves, with the check of it. */
export interface ConformanceItem {
  readonly name: string;
}

export interface Snippet extends ConformanceItem {
  readonly cat: string;
  readonly code: string;
  /** The exact standard output. */
  readonly expected: string;
}

export interface PythonSession extends ConformanceItem {
  readonly steps: readonly string[];
  readonly expected: readonly {
    readonly stdout: string;
    readonly final: string | null;
    readonly final_json: string | null;
    readonly error: string | null;
  }[];
}

export interface PythonCase extends ConformanceItem {
  readonly category: string;
  readonly code: string;
  /** Programs that came before it in its session. */
  readonly prelude?: readonly string[] | undefined;
  /** Variables that are there when it begins. */
  readonly state_in?: Readonly<Record<string, TypeAndRepr>> | undefined;
  /** The Python of functions that it calls, by name. What the data has of imports needs no word: every module is allowed. */
  readonly tools?: Readonly<Record<string, string>> | undefined;
  readonly expect: {
    readonly result?: TypeAndRepr | undefined;
    readonly stdout?: string | undefined;
    readonly state: Readonly<Record<string, TypeAndRepr>>;
    readonly error_class?: string | undefined;
    readonly error_message?: string | undefined;
  };
}

export interface TypeAndRepr {
  readonly type: string;
  readonly repr: string;
  readonly json?: unknown;
}

/** What a newer Python does in another way than the 3.11 that made the data. */
interface VersionDifference {
  readonly file: string;
  readonly name: string;
  /** First version, such as `"3.13"`. */
  readonly since: string;
  readonly reason: string;
  /** Replaces these fields of the record. */
  readonly change: Readonly<Record<string, unknown>>;
}

export type PythonVersion = readonly [major: number, minor: number];

/** The records of one file, as a Python of that version answers them. */
export function readConformance<T extends ConformanceItem>(file: string, version: PythonVersion): readonly T[] {
  const changes = readDataFile<VersionDifference>("python-differences.jsonl").filter(
    (difference) => difference.file === file && !isOlder(version, difference.since),
  );
  return readDataFile<T>(`${file}.jsonl`).map(
    (record) => Object.assign({}, record, ...changes.filter(({ name }) => name === record.name).map(({ change }) => change)) as T,
  );
}

function isOlder([major, minor]: PythonVersion, since: string): boolean {
  const [sinceMajor = 0, sinceMinor = 0] = since.split(".").map(Number);
  return major < sinceMajor || (major === sinceMajor && minor < sinceMinor);
}
