/** Whether a response is an event stream by its content type. One that has none is taken for one. */
export function isEventStream(headers: Headers): boolean {
  return headers.get("content-type")?.toLowerCase().includes("event-stream") ?? true;
}
