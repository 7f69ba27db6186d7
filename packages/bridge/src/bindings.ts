import { ConfigurationError, type SessionBinding, type ToolSignature, type Value } from "@codelet/core";

const finalAnswer = "final_answer";

/** The tools and variables of a session: a worker that replaces a lost one gets all of them again. */
export class Bindings {
  readonly tools: Map<string, ToolSignature> = new Map();
  readonly variables: Map<string, Value> = new Map();

  /** Throws `configuration` for names that Python can't have or that two things would have. */
  check({ tools = [], variables = {} }: SessionBinding): void {
    const toolNames = new Set([...this.tools.keys(), ...tools.map(({ name }) => name)]);
    for (const { name } of tools) {
      if (!isIdentifier(name) || name === finalAnswer) throw new ConfigurationError(`The tool \`${name}\` can't have this name in Python.`);
      if (this.variables.has(name)) throw new ConfigurationError(`The tool \`${name}\` has the name of a variable.`);
    }
    for (const name of Object.keys(variables)) {
      if (!isIdentifier(name)) throw new ConfigurationError(`The variable \`${name}\` is no Python name.`);
      if (toolNames.has(name) || name === finalAnswer) throw new ConfigurationError(`The variable \`${name}\` has the name of a tool.`);
    }
  }

  add({ tools = [], variables = {} }: SessionBinding): void {
    for (const tool of tools) this.tools.set(tool.name, tool);
    for (const [name, value] of Object.entries(variables)) this.variables.set(name, value);
  }
}

function isIdentifier(name: string): boolean {
  return /^[\p{ID_Start}_][\p{ID_Continue}]*$/u.test(name);
}
