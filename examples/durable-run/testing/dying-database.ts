import type { DatabaseSync } from "node:sqlite";

/** `before` an entry is written, `after` it, or so many milliseconds after it. */
export type Moment = "before" | "after" | number;

/** The database, whose process dies around its so-many-eth entry of the journal from now on. */
export function dyingDatabase(database: DatabaseSync, entries: number, moment: Moment): DatabaseSync {
  let left = entries;
  const die = (): void => void process.kill(process.pid, "SIGKILL");
  const prepare = (sql: string) => {
    const statement = database.prepare(sql);
    if (!sql.startsWith("insert into entries")) return statement;
    const run = (...values: string[]) => {
      left--;
      if (left === 0 && moment === "before") die();
      const done = statement.run(...values);
      if (left === 0 && typeof moment === "number") setTimeout(die, moment);
      else if (left === 0) die();
      return done;
    };
    return { run };
  };
  return { prepare, exec: (sql: string) => database.exec(sql) } as unknown as DatabaseSync;
}
