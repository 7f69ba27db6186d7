import { CodeAgent, type Executor } from "@codelet/core";
import { jsonSchema } from "@codelet/core/json-schema";
import { scriptedModel } from "@codelet/testing";
import { filmTools } from "./film-tools.ts";
import type { Film } from "./films.ts";
import { recordedSession } from "./recorded-session.ts";

export const filmTask =
  "Which genre of film earns most worldwide for each dollar of budget, all its films taken together? Count only films whose budget and worldwide gross are known, and only genres with at least 50 of them. Name the genre's best-rated film, too.";

export interface FilmAnswer {
  readonly genre: string;
  /** Films that count. */
  readonly films: number;
  /** Worldwide gross by budget, rounded to three digits. */
  readonly earned_per_dollar: number;
  readonly best_film: string;
  readonly best_rating: number;
}

/** The agent of the demo, for one run: the recorded model, and tools over the given films. */
export function filmAgent(films: readonly Film[], executor: Executor): CodeAgent<FilmAnswer> {
  return new CodeAgent({
    model: scriptedModel(recordedSession, { id: "recorded-session" }),
    tools: filmTools(films),
    executor,
    output: jsonSchema<FilmAnswer>({
      type: "object",
      properties: {
        genre: { type: "string" },
        films: { type: "integer" },
        earned_per_dollar: { type: "number" },
        best_film: { type: "string" },
        best_rating: { type: "number" },
      },
      required: ["genre", "films", "earned_per_dollar", "best_film", "best_rating"],
      additionalProperties: false,
    }),
  });
}
