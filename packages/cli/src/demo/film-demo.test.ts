import { type ActionStep, loadExecutor } from "@codelet/core";
import { describe, expect, it, vi } from "vitest";
import { type FilmAnswer, filmAgent, filmTask } from "./film-demo.ts";
import { type Film, readFilms } from "./films.ts";
import { recordedSession } from "./recorded-session.ts";

// The first run on a machine prepares the sandbox.
vi.setConfig({ testTimeout: 120_000 });

const films = await readFilms();
const executor = await loadExecutor("wasm");

async function play(data: readonly Film[]): Promise<{ readonly output: FilmAnswer; readonly actions: readonly ActionStep[] }> {
  const result = await filmAgent(data, executor).run(filmTask);
  if (result.state !== "success") throw new Error(`ended with ${result.state}`);
  return { output: result.output, actions: result.steps.filter((step) => step.type === "action") };
}

/** The answer to the task, worked out without any of the demo's code. */
function workOut(data: readonly Film[]): FilmAnswer {
  let best: FilmAnswer | undefined;
  for (const genre of new Set(data.map((film) => film["Major Genre"]))) {
    const members = data.filter((film) => film["Major Genre"] === genre);
    let [count, gross, budget] = [0, 0, 0];
    for (const film of members) {
      if (film["Worldwide Gross"] === null || film["Production Budget"] === null) continue;
      count++;
      gross += film["Worldwide Gross"];
      budget += film["Production Budget"];
    }
    if (genre === null || count < 50 || (best !== undefined && gross / budget <= best.earned_per_dollar)) continue;
    const [top] = members.filter((film) => film["IMDB Rating"] !== null).sort((a, b) => (b["IMDB Rating"] ?? 0) - (a["IMDB Rating"] ?? 0));
    const [best_film, best_rating] = [String(top?.Title), top?.["IMDB Rating"] ?? 0];
    best = { genre, films: count, earned_per_dollar: gross / budget, best_film, best_rating };
  }
  if (best === undefined) throw new Error("no genre has enough films");
  return { ...best, earned_per_dollar: Math.round(best.earned_per_dollar * 1_000) / 1_000 };
}

/** The data with other numbers for one film. */
function changed(title: string, numbers: Partial<Film>): readonly Film[] {
  const index = films.findIndex((film) => film.Title === title);
  return films.with(index, { ...(films[index] as Film), ...numbers });
}

describe("the recorded session", () => {
  it("computes the answer that follows from the data", async () => {
    const { output } = await play(films);
    expect(output).toEqual(workOut(films));
    expect(output).toEqual({ genre: "Adventure", films: 274, earned_per_dollar: 3.503, best_film: "Toy Story 3", best_rating: 8.9 });
  });

  it("errs over gaps in the data, and mends it in the next step", async () => {
    const { actions } = await play(films);
    expect(actions.map(({ error }) => error?.name)).toEqual([undefined, "TypeError", undefined, undefined]);
    expect(actions[1]?.error?.message).toContain("NoneType");
    expect(actions[1]?.toolCalls.length).toBeGreaterThan(2);
    expect(actions[2]?.toolCalls.length).toBeGreaterThan(2);
  });

  it.each<[string, string, Partial<Film>]>([
    ["another number", "Toy Story 3", { "Worldwide Gross": 1 }],
    ["another genre", "Grease", { "Worldwide Gross": 4_000_000_000 }],
    ["another best film", "Avatar", { "IMDB Rating": 10, "Major Genre": "Adventure" }],
    ["another number of films", "Toy Story 3", { "Worldwide Gross": null }],
  ])("gives %s when one number of the data changes", async (_, title, numbers) => {
    const data = changed(title, numbers);
    const { output } = await play(data);
    expect(output).toEqual(workOut(data));
    expect(output).not.toEqual(workOut(films));
  });

  it("reaches the answer also where the data has no gaps to err over", async () => {
    const data = films.filter((film) => film["Production Budget"] !== null && film["Worldwide Gross"] !== null);
    const { output, actions } = await play(data);
    expect(actions.map(({ error }) => error)).toEqual([undefined, undefined, undefined, undefined]);
    expect(output).toEqual(workOut(data));
  });

  it("holds no result", () => {
    const text = recordedSession.join("\n");
    for (const film of films) expect(text).not.toContain(film["Major Genre"] ?? "no genre");
    for (const value of Object.values(workOut(films))) expect(text).not.toContain(String(value));
  });
});
