import { type AnyTool, tool } from "@codelet/core";
import { jsonSchema } from "@codelet/core/json-schema";
import type { Film } from "./films.ts";

/** What the sandboxed code may ask about films. The data stays here, in the host. */
export function filmTools(films: readonly Film[]): readonly AnyTool[] {
  const genres = [...new Set(films.flatMap((film) => film["Major Genre"] ?? []))].sort();
  return [
    tool({
      name: "list_genres",
      description: "The genres of film that there is data about.",
      input: jsonSchema<Record<string, never>>({ type: "object", properties: {}, additionalProperties: false }),
      execute: () => genres,
    }),
    tool({
      name: "films_of_genre",
      description: "The films of a genre: title, release date, budget and worldwide gross in US dollars, IMDB rating.",
      input: jsonSchema<{ readonly genre: string }>({
        type: "object",
        properties: { genre: { type: "string" } },
        required: ["genre"],
        additionalProperties: false,
      }),
      execute: ({ genre }) => {
        if (!genres.includes(genre)) throw new Error(`There is no genre ${JSON.stringify(genre)}; see list_genres.`);
        return films.filter((film) => film["Major Genre"] === genre).map(describe);
      },
    }),
  ];
}

function describe(film: Film): object {
  return {
    title: film.Title,
    release_date: film["Release Date"],
    budget: film["Production Budget"],
    worldwide_gross: film["Worldwide Gross"],
    imdb_rating: film["IMDB Rating"],
  };
}
