/** The executors that are measured. */
export const SUBJECTS = [
  { id: "local", name: "local, no sandbox", specifier: "@codelet/executor-local", options: { sandbox: "none" } },
  { id: "bubblewrap", name: "local, bubblewrap", specifier: "@codelet/executor-local", options: { sandbox: "required" } },
  { id: "wasm", name: "wasm", specifier: "@codelet/executor-wasm", options: {} },
];

/** Rejects where the package isn't built yet. */
export async function loadSubject(id) {
  const { specifier, options } = SUBJECTS.find((subject) => subject.id === id);
  const { createExecutor } = await import(specifier);
  return createExecutor(options);
}
