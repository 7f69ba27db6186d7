/** What a response asks to wait, in milliseconds: `retry-after-ms`, or `Retry-After` in seconds or as a date, or Google's `retryDelay` in what it says or adds. */
export function retryAfterMs(headers: Headers | undefined, said = "", now: number = Date.now()): number | undefined {
  const milliseconds = number(headers?.get("retry-after-ms"));
  if (milliseconds !== undefined) return milliseconds;
  const header = headers?.get("retry-after");
  const seconds = number(header);
  if (seconds !== undefined) return seconds * 1000;
  const date = /[a-z]/i.test(header ?? "") ? Date.parse(header ?? "") : Number.NaN;
  if (!Number.isNaN(date)) return Math.max(0, date - now);
  const delay = number(/\bretryDelay\W+(\d+(?:\.\d+)?)s\b/.exec(said)?.[1]);
  return delay === undefined ? undefined : delay * 1000;
}

function number(text: string | null | undefined): number | undefined {
  const value = /^\s*\d+(\.\d+)?\s*$/.test(text ?? "") ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : undefined;
}
