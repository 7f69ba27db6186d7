import { toolsOf } from "./definition.ts";
import type { Step } from "./memory.ts";
import type { Exposure } from "./policy.ts";
import type { RunContext } from "./run-context.ts";
import type { AnyTool } from "./tool.ts";

/** Says at the start of a run where private data, untrusted content and a way out come together, and through which tools. */
export function warnOfLeaks(run: RunContext): void {
  const all = [...toolsOf(run.agent.definition)];
  const naming = (has: (tool: AnyTool) => boolean): string => all.flatMap((tool) => (has(tool) ? tool.name : [])).join(", ");
  const reads = naming(({ reads }) => reads === "private");
  const ingests = naming(({ ingests }) => ingests === "untrusted");
  const sends = naming(({ egress }) => egress);
  if (reads === "" || ingests === "" || sends === "") return;
  const message =
    `This agent reads private data (${reads}), takes in untrusted content (${ingests}) and can send data out (${sends}): instructions hidden in the content can make it ` +
    'leak. Set `dataPolicy: "block"` or "ask", or take one of the three away.';
  run.emit({ type: "warning", message });
}

/** Names of the tools whose content steps may hold. One that doesn't say may hold anything, but for what the user and the agent itself have said. */
export function untrustedIn(steps: readonly Step[]): readonly string[] {
  return steps.flatMap((step) => {
    // What is no step at all is refused where it gets into a memory.
    if (step?.type === "system") return [];
    return step?.untrusted ?? (step?.type === "task" ? [] : [`a step of type ${step?.type}`]);
  });
}

/** Why a call must not just be made. */
export function egressProblem({ egress, name }: AnyTool, { untrusted }: Exposure): string | undefined {
  if (!egress || untrusted.size === 0) return undefined;
  return `${name} sends data out, and this run has read untrusted content (${[...untrusted].join(", ")})`;
}
