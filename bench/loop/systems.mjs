import { installedVersion } from "../setup.mjs";

/** What is compared: `id` names the file beside this one. */
export const SYSTEMS = [
  { id: "codelet", name: "codelet" },
  { id: "ai-sdk", name: `ai ${installedVersion("ai")}` },
  { id: "openai-agents", name: `@openai/agents ${installedVersion("@openai/agents")}` },
];
