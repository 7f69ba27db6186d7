/** The SDK runs its commands through bash: each part is one word there, whatever is in it. Replaces the shell. */
export function shellCommand(argv: readonly string[]): string {
  return `exec ${argv.map((part) => `'${part.replaceAll("'", "'\\''")}'`).join(" ")}`;
}
