import { type ClientRequest, Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { ExecutorCrashedError } from "@codelet/core";

const answerTimeoutMs = 60_000;
/** Some engines copy the image for it. */
const startTimeoutMs = 300_000;

/**
 * What sends dockerode's requests, which by themselves wait for ever for an answer or the rest of one, and follow a redirect in a way that its failure ends this
 * process. Whatever is no long job is answered in a minute here (in five where a container is made or started) or fails with `executor-crashed`; no address to
 * follow is seen; an answer that breaks off is an error of its request.
 */
export function engineAgent(protocol: string | undefined): HttpAgent {
  const agent = protocol === "https" ? new HttpsAgent() : new HttpAgent();
  const inner = agent as unknown as { addRequest(request: ClientRequest, ...rest: readonly unknown[]): void };
  const add = inner.addRequest.bind(agent);
  inner.addRequest = (request, ...rest) => {
    // Before those that listen already.
    request.prependOnceListener("response", (response) => {
      delete response.headers.location;
      response.on("error", (error) => request.emit("error", error));
    });
    limitTime(request);
    add(request, ...rest);
  };
  return agent;
}

function limitTime(request: ClientRequest): void {
  const path = request.path.replace(/\?.*/s, "");
  if (/^\/(?:build|images\/create)$/.test(path)) return;
  const timeoutMs = /^\/containers\/(?:.+\/start|create)$/.test(path) ? startTimeoutMs : answerTimeoutMs;
  const silent = `The Docker engine did not answer in ${timeoutMs / 1_000} s: it is overloaded, or hangs.`;
  const timer = setTimeout(() => request.destroy(new ExecutorCrashedError(silent)), timeoutMs);
  const answered = path.endsWith("/attach") ? ["upgrade", "response", "close"] : ["close"];
  for (const event of answered) request.once(event, () => clearTimeout(timer));
}
