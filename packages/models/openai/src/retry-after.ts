/** What a response's headers ask to wait, in milliseconds: `retry-after-ms`, or `Retry-After` in seconds or as a date. */
export function retryAfterMs(headers: Headers | undefined, now: number = Date.now()): number | undefined {
  const milliseconds = number(headers?.get("retry-after-ms"));
  if (milliseconds !== undefined) return milliseconds;
  const header = headers?.get("retry-after");
  const seconds = number(header);
  if (seconds !== undefined) return seconds * 1000;
  const date = /[a-z]/i.test(header ?? "") ? Date.parse(header ?? "") : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

function number(text: string | null | undefined): number | undefined {
  const value = /^\s*\d+(\.\d+)?\s*$/.test(text ?? "") ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : undefined;
}
