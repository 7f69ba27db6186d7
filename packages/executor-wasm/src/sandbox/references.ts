/**
 * The JavaScript objects that Python can hold: a table that Pyodide keeps, whose first entries lead to its whole interface (`pyodide_js._api`, from
 * there to Emscripten's module). They are swapped for an inert object while user code runs, and put back for a snapshot, which checks them.
 */
import type { Pyodide, PyodideApi, SavedReference } from "./emscripten.ts";
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

/**
 * Loads a snapshot with inert objects in their place: in one that a session saved, Pyodide's own start runs what the session's code has left in the import system.
 * What the code could have written into the snapshot's list leads nowhere either. The result ends this, once Pyodide has started.
 */
export function startWithoutReferences(api: PyodideApi): () => void {
  const { getExpectedKeys, restoreSnapshot } = api;
  api.getExpectedKeys = () => getExpectedKeys().map((value, index) => (index === 0 ? value : inertGlobals));
  api.restoreSnapshot = (snapshot) => {
    const state = restoreSnapshot(snapshot);
    return { ...state, hiwireKeys: state.hiwireKeys.map(inert) };
  };
  return () => {
    api.getExpectedKeys = getExpectedKeys;
  };
}

/** A path leads through the inert globals; anything else is taken from Pyodide itself, or comes back inert. */
function inert(saved: SavedReference): SavedReference {
  return saved && !("path" in saved) ? { serialized: null } : saved;
}
