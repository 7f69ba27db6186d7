export { type AgentTree, agentTree, type DescribableAgent, type ExecutorFacts, type ToolFacts } from "./agent-tree.ts";
export { describeAgent } from "./describe-agent.ts";
