import { type AgentTree, agentTree, type DescribableAgent, type ExecutorFacts, type ToolFacts } from "./agent-tree.ts";
import { sanitizeLine } from "./console/sanitize.ts";
import { fitText } from "./console/text-width.ts";
import type { Budget } from "./limits.ts";

/** A line and those that belong to it. */
interface Branch {
  readonly text: string;
  readonly branches?: readonly Branch[];
}

/** Columns of one fact; longer ones are cut, since a tree is read at a glance. */
const maxColumns = 160;

/** The words of docs/isolation.md. */
const isolationLevels = ["none", "language only", "language + process", "container", "user-space kernel or microVM"] as const;

/**
 * An agent, its tools and the agents that it manages as a tree of text for people, which ends with a line end. Foreign names and descriptions can't
 * control the terminal.
 *
 * @example
 * console.log(describeAgent(agent));
 */
export function describeAgent(agent: DescribableAgent): string {
  const { text, branches } = branchOf(agentTree(agent));
  return [text, ...rowsOf(branches)].map((row) => `${row}\n`).join("");
}

function rowsOf(branches: readonly Branch[] = []): readonly string[] {
  return branches.flatMap(({ text, branches: inner }, index) => {
    const isLast = index === branches.length - 1;
    const rows = rowsOf(inner).map((row) => `${isLast ? "  " : "│ "}${row}`);
    return [`${isLast ? "└" : "├"} ${text}`, ...rows];
  });
}

function branchOf(tree: AgentTree): Branch {
  const { kind, name, description, model, executor, authorizedImports, output, planningInterval, tools, managedAgents } = tree;
  const branches: Branch[] = [{ text: fact("model", model) }];
  if (executor !== undefined) branches.push({ text: fact("executor", describeExecutor(executor)) });
  if (authorizedImports !== undefined) branches.push({ text: fact("imports", authorizedImports.join(", ") || "harmless modules only") });
  branches.push({ text: fact("output", output === undefined ? "any plain value" : JSON.stringify(output)) });
  branches.push({ text: fact("limits", describeLimits(tree)) });
  if (planningInterval !== undefined) branches.push({ text: `plans: before the first step, and after every ${planningInterval}` });
  branches.push({ text: "tools", branches: tools.length === 0 ? [{ text: "none" }] : tools.map(describeTool) });
  if (managedAgents.length > 0) branches.push({ text: "managed agents", branches: managedAgents.map(branchOf) });
  const as = [kind === "code" ? "code agent" : "tool-calling agent", ...traits(tree)].join(", ");
  return { text: line(`${name} (${as})${description === undefined ? "" : `: ${description}`}`), branches };
}

function traits({ keepsMemory, provideRunSummary, maySuspend }: AgentTree): readonly string[] {
  const all = [keepsMemory && "keeps its memory", provideRunSummary && "tells what it did", maySuspend && "may wait for approval"];
  return all.filter((trait) => trait !== false);
}

function describeExecutor({ name, isolation, network, files }: ExecutorFacts): string {
  if (isolation === undefined) return `${name} (loaded at the first run)`;
  return `${name} · isolation ${isolation} (${isolationLevels[isolation]}) · network: ${network} · files: ${files}`;
}

/** How a limit is said. */
const limitTexts: Readonly<Record<keyof Budget, (limit: number) => string>> = {
  steps: (limit) => `${limit} steps with its managed agents`,
  modelCalls: (limit) => `${limit} model calls`,
  inputTokens: (limit) => `${limit} tokens in`,
  outputTokens: (limit) => `${limit} tokens out`,
  costUsd: (limit) => `$${limit}`,
  toolCalls: (limit) => `${limit} tool calls`,
  wallTimeMs: (limit) => `${limit / 1_000} s`,
};

function describeLimits({ maxSteps, budget }: AgentTree): string {
  const limits = Object.entries(budget).map(([name, limit]) => (limit === undefined ? "" : limitTexts[name as keyof Budget](limit)));
  return [`${maxSteps} steps`, ...limits].filter(Boolean).join(" · ");
}

function describeTool({ signature, description, needsApproval, reads, ingests, egress }: ToolFacts): Branch {
  const labels = [
    needsApproval === "always" && "needs approval",
    needsApproval === "sometimes" && "may need approval",
    reads && `reads ${reads} data`,
    ingests && `takes in ${ingests} content`,
    egress && "sends data out",
  ].filter(Boolean);
  const facts = [{ text: line(description) }, ...(labels.length === 0 ? [] : [{ text: labels.join(" · ") }])];
  return { text: line(signature), branches: facts };
}

function fact(name: string, value: string): string {
  return line(`${name}: ${value}`);
}

function line(text: string): string {
  return fitText(sanitizeLine(text), maxColumns);
}
