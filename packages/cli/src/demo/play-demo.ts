import { loadExecutor } from "@codelet/core";
import { count } from "../amounts.ts";
import type { ExitCode } from "../exit-code.ts";
import { block } from "../layout.ts";
import { onScreen } from "../on-screen.ts";
import { showRun } from "../show-run.ts";
import { createView } from "../view.ts";
import { filmAgent, filmTask } from "./film-demo.ts";
import { readFilms } from "./films.ts";

/** Plays the recorded session over the real films, in the real sandbox; resolves with the exit code. */
export function playDemo(): Promise<ExitCode> {
  return onScreen(async (screen) => {
    const [films, executor] = await Promise.all([readFilms(), loadExecutor("wasm")]);
    await screen.write(`${block(introduction(count(films.length, "film")), "", createView({ width: screen.width ?? 80 }))}\n`);
    return showRun(filmAgent(films, executor), filmTask, screen, "text");
  });
}

const introduction = (films: string): string => `codelet · a recorded session

What the model says is played from a recording, so this needs no key. Everything else happens now: its Python runs in a WebAssembly sandbox and calls functions of this process, over ${films} of the vega-datasets package. With a key, a model works on a task of yours: npm start -- "your task"`;
