/** What the environment says about OpenAI. */
export interface OpenAIEnvironment {
  readonly apiKey: string | undefined;
  readonly baseURL: string | undefined;
  readonly organization: string | undefined;
  readonly project: string | undefined;
}

type Variables = Readonly<Record<string, string | undefined>>;

/** Reads the environment: the only file that does. An empty variable counts as none. */
export function openaiEnvironment(): OpenAIEnvironment {
  const variables = readVariables();
  return {
    apiKey: variables.OPENAI_API_KEY || undefined,
    baseURL: variables.OPENAI_BASE_URL || undefined,
    organization: variables.OPENAI_ORG_ID || undefined,
    project: variables.OPENAI_PROJECT_ID || undefined,
  };
}

/** The names, in lower case, of the headers that the SDK takes from OPENAI_CUSTOM_HEADERS by itself, read as it does: one `name: value` in a line. */
export function customHeaderNames(): readonly string[] {
  const lines = (readVariables().OPENAI_CUSTOM_HEADERS ?? "").split("\n");
  return lines.filter((line) => line.includes(":")).map((line) => line.slice(0, line.indexOf(":")).trim().toLowerCase());
}

function readVariables(): Variables {
  return typeof process === "undefined" ? {} : process.env;
}
