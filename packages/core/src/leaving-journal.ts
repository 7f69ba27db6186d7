import { SandboxAway } from "./find-sandbox.ts";
import type { Journal, JournalFactory, OperationName, Operations, Outcome } from "./journal.ts";
import type { Json } from "./value.ts";

/** A journal of the user's that is not told of an operation whose sandbox can't be had now: the run is left by it, as by the journal itself. */
export function leavingJournal(journal: JournalFactory): JournalFactory {
  return ({ operations, ...run }) => {
    /** By the paths of operations. */
    const leaves = new Map<Json, (why: SandboxAway) => void>();
    const watch =
      (perform: Operations[OperationName]): Operations[OperationName] =>
      async (path, context) => {
        try {
          return await perform(path, context);
        } catch (error) {
          if (!(error instanceof SandboxAway)) throw error;
          leaves.get(path)?.(error);
          return new Promise<never>(() => {});
        }
      };
    const watched = Object.fromEntries(Object.entries(operations).map(([name, perform]) => [name, watch(perform)])) as Operations;
    const leaving = (inner: Journal): Journal => ({
      call: <T>(key: string, operation: OperationName, path: Json) =>
        new Promise<Outcome<T>>((resolve, reject) => {
          leaves.set(path, reject);
          const called = inner.call<T>(key, operation, path);
          called.finally(() => leaves.delete(path)).then(resolve, reject);
        }),
      child: (key) => leaving(inner.child(key)),
      pick: (...args) => inner.pick(...args),
      now: (...args) => inner.now(...args),
      sleep: (...args) => inner.sleep(...args),
      waitFor: (...args) => inner.waitFor(...args),
      checkpoint: (...args) => inner.checkpoint(...args),
      emit: (event) => inner.emit(event),
    });
    return leaving(journal({ ...run, operations: watched }));
  };
}
