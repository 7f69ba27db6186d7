import { toolsOf } from "./definition.ts";
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

/** Notes what steps of before have brought in: tools of other agents may have read anything. */
export function exposeTo({ untrusted }: Exposure, steps: readonly Step[], tools: ReadonlyMap<string, AnyTool>): void {
  for (const name of steps.flatMap(toolsIn)) {
    const tool = tools.get(name);
    const sources = tool?.agent === undefined ? [tool] : toolsOf(tool.agent.definition);
    if ([...sources].some((each) => each === undefined || each.ingests === "untrusted")) untrusted.add(name);
  }
}

/** Names of the tools whose results a step may hold; a summary that doesn't say may hold anything. */
export function toolsIn(step: Step): readonly string[] {
  if (step.type === "summary") return step.tools ?? ["a summary"];
  const calls = step.type === "action" ? step.toolCalls : [];
  // One that was refused has read nothing.
  return calls.flatMap(({ tool, error }) => (/^(?:ToolInput|Permission)Error$/.test(error?.name ?? "") ? [] : tool));
}

/** Why a call must not just be made. */
export function egressProblem({ egress, name }: AnyTool, { untrusted }: Exposure): string | undefined {
  if (!egress || untrusted.size === 0) return undefined;
  return `${name} sends data out, and this run has read untrusted content (${[...untrusted].join(", ")})`;
}
