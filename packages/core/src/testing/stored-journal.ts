import { type Journal, type JournalFactory, memoryJournal, type Outcome, race } from "../journal.ts";
import type { Json } from "../value.ts";
import { decodeValue, encodeValue } from "../value-codec.ts";

/** Entries by key. */
export type Store = Map<string, string>;
/** Before the work of an entry, between that and the entry, or behind the entry. */
export type Moment = "work" | "entry" | "behind";

const never: Promise<never> = new Promise<never>(() => {});

/** A journal as one on a disk. At the entry of that number its process stops for good, without a word; or `fail` is thrown. */
export function storedJournal(store: Store, stopAt: number = Number.POSITIVE_INFINITY, moment: Moment = "work", fail?: Error): JournalFactory {
  return (run) => {
    let isStopped = false;
    const stop = (when: Moment): Promise<void> | undefined => {
      isStopped ||= store.size >= stopAt && when === moment;
      if (isStopped && fail !== undefined) throw fail;
      return isStopped ? never : undefined;
    };
    const keep = async (key: string, make: () => Promise<unknown>): Promise<unknown> => {
      const known = store.get(key);
      if (known !== undefined) return decodeValue(JSON.parse(known));
      await stop("work");
      const made = await make();
      await stop("entry");
      if (store.has(key)) throw new Error(`The entry ${key} is written twice.`);
      store.set(key, JSON.stringify(encodeValue(made)));
      await stop("behind");
      return made;
    };
    const at = (path: string, memory: Journal): Journal => ({
      ...memory,
      call: <T>(key: string, ...rest: [never, Json]) =>
        keep(path + key, async () => {
          const outcome = await memory.call<T>(key, ...rest);
          return "error" in outcome ? { error: { ...outcome.error, cause: undefined } } : outcome;
        }) as Promise<Outcome<T>>,
      pick: (key, candidates) => keep(path + key, () => race(candidates)).then(Number),
      child: (key) => at(`${path}${key}/`, memory.child(key)),
      now: (key) => keep(path + key, () => memory.now(key)).then(Number),
    });
    return at("", memoryJournal()(run));
  };
}

/** Until it has come no further for a while. */
export async function standstill(store: Store, effects: readonly unknown[]): Promise<void> {
  for (let still = 0, last = ""; still < 3; ) {
    await new Promise((resolve) => setTimeout(resolve, 4));
    const now = `${store.size} ${effects.length}`;
    still = now === last ? still + 1 : 0;
    last = now;
  }
}
