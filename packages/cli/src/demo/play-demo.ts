import { loadExecutor } from "@codelet/core";
import { wrapText } from "@codelet/core/console";
import type { ExitCode } from "../exit-code.ts";
import { onScreen } from "../on-screen.ts";
import { showRun } from "../show-run.ts";
import { filmAgent, filmTask } from "./film-demo.ts";
import { readFilms } from "./films.ts";

/** Plays the recorded session over the real films, in the real sandbox; resolves with the exit code. */
export function playDemo(): Promise<ExitCode> {
  return onScreen(async (screen) => {
    const [films, executor] = await Promise.all([readFilms(), loadExecutor("wasm")]);
    await screen.write(`${wrapText(introduction(films.length), screen.width ?? 80).join("\n")}\n\n`);
    return showRun(filmAgent(films, executor), filmTask, screen, "text");
  });
}

const introduction = (films: number): string => `codelet · a recorded session

What the model says is played from a recording, so this needs no key. Everything else happens now: its Python runs in a WebAssembly sandbox and calls functions of this process, over ${films.toLocaleString("en-US")} films of the vega-datasets package. With a key, a model works on a task of yours: npm start -- "your task"`;
