/** An answer of a model with a program. */
export const turn = (code: string, thought = "I compute it."): string => `Thought: ${thought}\n<code>\n${code}\n</code>`;

export const run = (baseURL: string, ...more: string[]): string[] => ["run", "What is it?", "--base-url", baseURL, ...more];
