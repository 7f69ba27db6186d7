/** What the environment says about OpenAI. */
export interface OpenAIEnvironment {
  readonly apiKey: string | undefined;
  readonly baseURL: string | undefined;
  readonly organization: string | undefined;
  readonly project: string | undefined;
}

/** Reads the environment: the only file that does. An empty variable counts as none. */
export function openaiEnvironment(): OpenAIEnvironment {
  const variables: Readonly<Record<string, string | undefined>> = typeof process === "undefined" ? {} : process.env;
  return {
    apiKey: variables.OPENAI_API_KEY || undefined,
    baseURL: variables.OPENAI_BASE_URL || undefined,
    organization: variables.OPENAI_ORG_ID || undefined,
    project: variables.OPENAI_PROJECT_ID || undefined,
  };
}
