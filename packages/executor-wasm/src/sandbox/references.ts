/**
 * The JavaScript objects that Python can hold: a table that Pyodide keeps, whose first entries lead to its whole interface (`pyodide_js._api`, from
 * there to Emscripten's module). They are swapped for an inert object while user code runs, and put back for a snapshot, which checks them.
 */
import type { Pyodide } from "./emscripten.ts";
import { inertGlobals } from "./realm.ts";

export interface References {
  hide(): void;
  show(): void;
}

export function referencesOf(pyodide: Pyodide): References {
  const module = pyodide._module;
  const real = pyodide._api.getExpectedKeys();
  const forEach = (value: (index: number) => unknown): void => {
    for (let index = 1; index < real.length; index += 1) module.__hiwire_set(index, value(index));
  };
  return {
    hide: () => forEach(() => inertGlobals),
    show: () => forEach((index) => real[index]),
  };
}
