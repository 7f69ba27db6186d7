export const signalNames = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Takes away, at its end, the listeners that came meanwhile: who was interrupted keeps his. */
export function keptListeners(): Disposable {
  const before = signalNames.map((name) => process.listeners(name));
  return {
    [Symbol.dispose]() {
      for (const [index, name] of signalNames.entries())
        for (const listener of process.listeners(name)) if (!before[index]?.includes(listener)) process.off(name, listener);
    },
  };
}
