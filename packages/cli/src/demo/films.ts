import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";

const require = createRequire(import.meta.url);

/** One film as the data set `movies.json` of vega-datasets has it; what isn't known is null. */
export interface Film {
  readonly Title: string | number | null;
  readonly "Major Genre": string | null;
  readonly "Release Date": string;
  /** US dollars. */
  readonly "Production Budget": number | null;
  /** US dollars. */
  readonly "Worldwide Gross": number | null;
  /** From 1 to 10. */
  readonly "IMDB Rating": number | null;
}

/** The 3,201 films of the data set, from the installed package. */
export async function readFilms(): Promise<readonly Film[]> {
  const entry = require.resolve("vega-datasets");
  const films: unknown = JSON.parse(await readFile(path.resolve(path.dirname(entry), "../data/movies.json"), "utf8"));
  if (!Array.isArray(films)) throw new TypeError("Expected movies.json of vega-datasets to hold a list");
  return films as readonly Film[];
}
