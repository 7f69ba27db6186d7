/** Whether it can be sent as a header: what can't be comes back in the text of an SDK's error. */
export function isAccessKey(value: unknown): value is string {
  return typeof value === "string" && /^[\x21-\x7e]+$/.test(value);
}

/** Throws TypeError, in which the value does not appear, for an option that is no key. Undefined is none that was given. */
export function checkAccessKey(name: string, value: unknown): void {
  if (value !== undefined && !isAccessKey(value)) throw new TypeError(`Expected \`${name}\` to be a text of printable characters without spaces`);
}
