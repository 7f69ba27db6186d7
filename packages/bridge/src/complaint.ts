/** By `subprocess-exited-with-error` pip says only that the program's own error follows. */
const anError = /^\w*error: (?!subprocess-exited-with-error$)/i;

/** What counts of what a program said that failed, line by line: its first error, else its last line. */
export function complaintAfter(before: string, line: string): string {
  return anError.test(before) ? before : line;
}
