// A Vitest reporter that counts everything able to turn a run red. The JSON reporter calls a run with a killed worker or an unhandled
// rejection a success, so CI reads this file instead.
import { writeFileSync } from "node:fs";

export default class TallyReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const tally = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    for (const module of modules) {
      tally.failed += module.errors().length; // it did not load, or a type error outside of any test
      for (const suite of module.children.allSuites()) tally.failed += suite.errors().length; // a hook threw
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        tally[state === "passed" || state === "failed" ? state : "skipped"] += 1;
      }
    }
    if (process.env.CODELET_TALLY_FILE) writeFileSync(process.env.CODELET_TALLY_FILE, JSON.stringify(tally));
  }
}
