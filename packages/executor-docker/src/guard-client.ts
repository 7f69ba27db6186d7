import { type ClientRequest, Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { ConfigurationError, ExecutorCrashedError } from "@codelet/core";
import type Docker from "dockerode";

/** What of dockerode's client sends its requests. */
interface Modem {
  readonly protocol?: string;
  buildRequest(options: Readonly<Record<string, unknown>>, request: EngineRequest, data: unknown, answered: Answered): void;
}

interface EngineRequest {
  /** The answer is a stream. */
  readonly isStream?: boolean;
  /** The stream goes both ways. */
  readonly hijack?: boolean;
}

type Answered = (error: Error | null, answer?: unknown) => void;

const answerTimeoutMs = 60_000;
/** Some engines copy the image for it. */
const startTimeoutMs = 300_000;

/**
 * The client, which by itself waits for an answer for ever, and follows a redirect in a way that its failure ends this process. Whatever is no long
 * job is answered in a minute here (in five where a container is made or started) or fails with `executor-crashed`; a redirect, which no engine answers with, is `configuration`.
 */
export function guardClient(docker: Docker): Docker {
  const modem = docker.modem as unknown as Modem;
  const send = modem.buildRequest.bind(modem);
  const agent = withoutRedirects(modem.protocol === "https" ? new HttpsAgent() : new HttpAgent());
  modem.buildRequest = (options, request, data, answered) => {
    const isJob = request.isStream === true && request.hijack !== true;
    const silence = new AbortController();
    const timeoutMs = /\/(?:create|start)\b/.test(String(options.path)) ? startTimeoutMs : answerTimeoutMs;
    const timer = isJob ? undefined : setTimeout(() => silence.abort(slow(timeoutMs)), timeoutMs);
    send({ ...options, agent, signal: silence.signal }, request, data, (error, answer) => {
      clearTimeout(timer);
      answered(error === null ? null : (silence.signal.reason ?? failureOf(error)), answer);
    });
  };
  return docker;
}

function slow(timeoutMs: number): ExecutorCrashedError {
  return new ExecutorCrashedError(`The Docker engine did not answer in ${timeoutMs / 1_000} s: it is overloaded, or hangs.`);
}

/** The client sees no address to follow. Its requests come here before they are sent, with what it listens to already. */
function withoutRedirects(agent: HttpAgent): HttpAgent {
  const inner = agent as unknown as { addRequest(request: ClientRequest, ...rest: readonly unknown[]): void };
  const add = inner.addRequest.bind(agent);
  inner.addRequest = (request, ...rest) => {
    request.prependOnceListener("response", ({ headers }) => {
      delete headers.location;
    });
    add(request, ...rest);
  };
  return agent;
}

function failureOf(error: Error): Error {
  const { statusCode = 0 } = error as { readonly statusCode?: number };
  const isRedirect = statusCode >= 300 && statusCode < 400 && statusCode !== 304; // with which an engine says that nothing was to be done
  if (!isRedirect) return error;
  return new ConfigurationError(
    "What answers at the Docker engine's address redirects to another, as no engine does: name it with `engine` or DOCKER_HOST.",
  );
}
