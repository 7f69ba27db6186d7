import { type ClientRequest, Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { ExecutorCrashedError } from "@codelet/core";

const answerTimeoutMs = 60_000;
/** Some engines copy the image for it. */
const startTimeoutMs = 300_000;

/**
 * What sends dockerode's requests, which by themselves wait for an answer for ever, and follow a redirect in a way that its failure ends this process. Whatever
 * is no long job is answered in a minute here (in five where a container is made or started) or fails with `executor-crashed`; no address to follow is seen.
 */
export function engineAgent(protocol: string | undefined): HttpAgent {
  const agent = protocol === "https" ? new HttpsAgent() : new HttpAgent();
  const inner = agent as unknown as { addRequest(request: ClientRequest, ...rest: readonly unknown[]): void };
  const add = inner.addRequest.bind(agent);
  inner.addRequest = (request, ...rest) => {
    // Before those that listen already.
    request.prependOnceListener("response", ({ headers }) => {
      delete headers.location;
    });
    limitTime(request);
    add(request, ...rest);
  };
  return agent;
}

function limitTime(request: ClientRequest): void {
  const { path } = request;
  if (/\/(?:build|images\/create)\b/.test(path)) return;
  const timeoutMs = /\/(?:create|start)\b/.test(path) ? startTimeoutMs : answerTimeoutMs;
  const silent = `The Docker engine did not answer in ${timeoutMs / 1_000} s: it is overloaded, or hangs.`;
  const timer = setTimeout(() => request.destroy(new ExecutorCrashedError(silent)), timeoutMs);
  const answered = /\/attach\b/.test(path) ? ["upgrade", "response", "close"] : ["close"];
  for (const event of answered) request.once(event, () => clearTimeout(timer));
}
