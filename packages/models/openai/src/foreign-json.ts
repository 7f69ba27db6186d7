// Readers of JSON that a server sent: whatever does not have the expected shape is read as nothing.

export type ForeignRecord = Readonly<Record<string, unknown>>;

export function asRecord(value: unknown): ForeignRecord | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as ForeignRecord) : undefined;
}

export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function asText(value: unknown): string {
  return typeof value === "string" ? value : "";
}

export function asCount(value: unknown): number {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : 0;
}

const maxDepth = 100;

/** Whether whatever walks it later could run out of stack. */
export function isDeep(value: unknown, depth: number = maxDepth): boolean {
  if (typeof value !== "object" || value === null) return false;
  return depth === 0 || Object.values(value).some((item) => isDeep(item, depth - 1));
}

/** As JSON; empty for what is deep. */
export function jsonText(value: unknown): string {
  return isDeep(value) ? "" : JSON.stringify(value);
}
