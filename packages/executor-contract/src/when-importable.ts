import type { CaseContext } from "./case-context.ts";

/** Skips the case where the sandbox doesn't have the library. */
export function whenImportable(library: string, run: (context: CaseContext) => Promise<void>): (context: CaseContext) => Promise<void> {
  return async (context) => {
    const isThere = await context.evaluate(`import importlib.util\nimportlib.util.find_spec('${library}') is not None`);
    if (isThere !== true) context.skip(`${library} can't be imported in this sandbox`);
    await run(context);
  };
}
