export { openai } from "./openai.ts";
export type { OpenAIModelOptions } from "./openai-options.ts";
