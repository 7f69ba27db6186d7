/** Whether a response is an event stream by its content type. One that has none is taken for one. */
export function isEventStream(headers: Headers): boolean {
  return headers.get("content-type")?.toLowerCase().includes("event-stream") ?? true;
}

/** Looks for the line that ends a stream of chat completions, in whatever pieces it comes. Whether it has come, after each piece. */
export function endWatch(): (piece: Uint8Array) => boolean {
  const decoder = new TextDecoder("latin1");
  let tail = "\n";
  let isEnded = false;
  return (piece) => {
    tail += decoder.decode(piece);
    isEnded ||= /[\r\n]data: ?\[DONE\]/.test(tail);
    tail = tail.slice(-longestEnd);
    return isEnded;
  };
}

const longestEnd = "\ndata: [DONE]".length;
