import type { Step } from "./memory.ts";
import type { AnyTool } from "./tool.ts";

/**
 * What to do with a tool that sends data out (`egress`) once the run, its managed agents included, has read what strangers may have written
 * (`ingests: "untrusted"`): `"warn"` says at the start of a run that its agent can be made to leak, `"block"` refuses such calls unless they are
 * approved, `"ask"` asks for the approval.
 */
export type DataPolicy = "off" | "warn" | "block" | "ask";

/** What a run tree has come into contact with. A program can carry anything anywhere, so the whole run counts as one. */
export interface Exposure {
  /** Names of the tools that brought untrusted content in. */
  readonly untrusted: Set<string>;
}

/** Says that private data, untrusted content and a way out come together, and through which tools. */
export function trifectaWarning(tools: Iterable<AnyTool>): string | undefined {
  const all = [...tools];
  const naming = (has: (tool: AnyTool) => boolean): string => all.flatMap((tool) => (has(tool) ? tool.name : [])).join(", ");
  const reads = naming(({ reads }) => reads === "private");
  const ingests = naming(({ ingests }) => ingests === "untrusted");
  const sends = naming(({ egress }) => egress);
  if (reads === "" || ingests === "" || sends === "") return undefined;
  return (
    `This agent reads private data (${reads}), takes in untrusted content (${ingests}) and can send data out (${sends}): instructions hidden in the content can make it ` +
    'leak. Set `dataPolicy: "block"` or "ask", or take one of the three away.'
  );
}

/** Names of the tools whose content steps may hold. One that doesn't say may hold anything, but for what the user and the agent itself have said. */
export function untrustedIn(steps: readonly Step[]): readonly string[] {
  return steps.flatMap((step) => {
    if (step.type === "system") return [];
    return step.untrusted ?? (step.type === "task" ? [] : [`a step of type ${step.type}`]);
  });
}

/** Why a call must not just be made. */
export function egressProblem({ egress, name }: AnyTool, { untrusted }: Exposure): string | undefined {
  if (!egress || untrusted.size === 0) return undefined;
  return `${name} sends data out, and this run has read untrusted content (${[...untrusted].join(", ")})`;
}
