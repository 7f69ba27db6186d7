import { SandboxAway } from "./find-sandbox.ts";
import type { Journal, JournalFactory, OperationName, Operations, Outcome } from "./journal.ts";
import { Returning } from "./returning.ts";
import type { Json } from "./value.ts";

/**
 * A journal of the user's that is not told of an operation whose sandbox can't be had now: the run is left by it, as by the journal itself. Of a team that is
 * gone through again nobody does anything new before all are where they were.
 */
export function leavingJournal(journal: JournalFactory): JournalFactory {
  return ({ operations, ...run }) => {
    /** By the paths of operations. */
    const leaves = new Map<Json, (why: SandboxAway) => void>();
    const returning = new Returning();
    const watch =
      (name: OperationName, perform: Operations[OperationName]): Operations[OperationName] =>
      async (path, context) => {
        try {
          await returning.mayBegin(path, name);
          return await perform(path, context);
        } catch (error) {
          if (!(error instanceof SandboxAway)) throw error;
          leaves.get(path)?.(error);
          return new Promise<never>(() => {});
        }
      };
    const watched = Object.fromEntries(
      Object.entries(operations).map(([name, perform]) => [name, watch(name as OperationName, perform)]),
    ) as Operations;
    const leaving = (inner: Journal): Journal => {
      const member = returning.member();
      return {
        call: <T>(key: string, operation: OperationName, path: Json) =>
          new Promise<Outcome<T>>((resolve, reject) => {
            leaves.set(path, reject);
            const called = member.calls(path, () => inner.call<T>(key, operation, path));
            called.finally(() => leaves.delete(path)).then(resolve, reject);
          }),
        child: (key) => leaving(inner.child(key)),
        pick: (...args) => inner.pick(...args),
        now: (key) => member.looks(() => inner.now(key)).finally(() => key === "end" && member.ends()),
        sleep: (...args) => inner.sleep(...args),
        waitFor: (...args) => inner.waitFor(...args),
        checkpoint: (...args) => inner.checkpoint(...args),
        emit: (event) => inner.emit(event),
      };
    };
    return leaving(journal({ ...run, operations: watched }));
  };
}
