/** What the environment variables say. An empty one counts as none. */
export interface Environment {
  readonly hasApiKey: boolean;
  readonly baseURL: string | undefined;
  /** NO_COLOR is set, or the terminal can't do more than text. */
  readonly plain: boolean;
  /** COLUMNS, for output that goes to no terminal. */
  readonly columns: number | undefined;
}

/** The only file that reads the environment. */
export function readEnvironment(variables: Readonly<Record<string, string | undefined>> = process.env): Environment {
  const columns = Number.parseInt(variables.COLUMNS ?? "", 10);
  return {
    hasApiKey: Boolean(variables.OPENAI_API_KEY),
    baseURL: variables.OPENAI_BASE_URL || undefined,
    plain: Boolean(variables.NO_COLOR) || variables.TERM === "dumb",
    columns: columns > 0 ? columns : undefined,
  };
}
