import assert from "node:assert/strict";
import type { ExecutorSession } from "@codelet/core";
import type { CaseContext } from "../case-context.ts";
import type { ContractCase } from "../contract-case.ts";
import { readDataFile } from "../data-file.ts";
import { type ConformanceItem, type PythonVersion, readConformance } from "./conformance-data.ts";
import { caseProblem, sessionProblem, snippetProblem } from "./find-problem.ts";
import { FreshRooms } from "./fresh-room.ts";

const files = ["python-snippets", "python-sessions", "python-cases"] as const;
const timeoutMs = 300_000;

/** What one suite has found so far. */
interface Report {
  readonly problems: string[];
  checked: number;
}

/** The data of real CPython, file by file, and the share that is right. Makes a new report each time. */
export function conformanceCases(): readonly ContractCase[] {
  const report: Report = { problems: [], checked: 0 };
  return [
    checks("snippets print what CPython prints", "python-snippets", snippetProblem, report),
    checks("sessions of several steps end as in CPython", "python-sessions", sessionProblem, report),
    checks("values, variables and errors are CPython's", "python-cases", caseProblem, report),
    {
      name: "the share of right results reaches the floor",
      async run({ options, skip }) {
        if (report.checked === 0) skip("no file was checked in this run");
        const share = 1 - report.problems.length / report.checked;
        const line = `conformance: ${report.checked - report.problems.length} of ${report.checked} (${(100 * share).toFixed(1)} %)`;
        console.info([line, ...report.problems.map((problem) => `  ${problem}`)].join("\n"));
        assert.ok(share >= options.conformanceFloor, `${line} is below ${100 * options.conformanceFloor} %`);
      },
    },
  ];
}

function checks<T extends ConformanceItem>(
  name: string,
  file: (typeof files)[number],
  find: (item: T, session: ExecutorSession) => Promise<string | undefined>,
  report: Report,
): ContractCase {
  return {
    name,
    timeoutMs,
    async run(context) {
      const rooms = new FreshRooms(context);
      const problems: string[] = [];
      for (const item of readConformance<T>(file, await pythonVersion(context))) {
        const problem = await rooms.check((session) => find(item, session));
        report.checked++;
        if (problem !== undefined) problems.push(`${file}/${item.name}: ${problem}`);
      }
      await rooms.close();
      report.problems.push(...problems);
      assert.ok(problems.length <= allowed(context.options.conformanceFloor), `\n${problems.join("\n")}`);
    },
  };
}

/** How many of all records may be wrong. */
function allowed(floor: number): number {
  const total = files.reduce((sum, file) => sum + readDataFile(`${file}.jsonl`).length, 0);
  return Math.floor((1 - floor) * total);
}

async function pythonVersion({ evaluate }: CaseContext): Promise<PythonVersion> {
  return (await evaluate("import sys\nlist(sys.version_info[:2])")) as unknown as PythonVersion;
}
