import { readFileSync } from "node:fs";

/** The records of a data file of this package, one JSON object per line. */
export function readDataFile<T>(name: string): readonly T[] {
  const text = readFileSync(new URL(`../data/${name}`, import.meta.url), "utf8");
  return text.split("\n").flatMap((line) => (line.trim() === "" ? [] : (JSON.parse(line) as T)));
}
