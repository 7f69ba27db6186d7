import type { RunBase } from "./agent.ts";
import type { Json } from "./value.ts";

/** Every code that a codelet error carries; docs/errors.md explains each. */
export type ErrorCode =
  | "model-output"
  | "tool-input"
  | "tool-failed"
  | "tool-denied"
  | "code-failed"
  | "value"
  | "model-call"
  | "executor-crashed"
  | "limit-reached"
  | "aborted"
  | "configuration"
  | "missing-package"
  | "protocol";

export interface CodeletErrorOptions {
  readonly cause?: unknown;
  /** JSON-safe facts for logs and callers; never secrets. */
  readonly details?: Readonly<Record<string, Json>> | undefined;
}

const marker = Symbol.for("codelet.error");

/** The base of all errors of codelet. Tell them apart by `code`, never by message. */
export abstract class CodeletError extends Error {
  abstract readonly code: ErrorCode;
  readonly details: Readonly<Record<string, Json>>;
  /** What the run had done, on errors that ended one. */
  declare readonly run?: RunBase;

  constructor(message: string, { cause, details = {} }: CodeletErrorOptions = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.details = details;
    Object.defineProperty(this, marker, { value: true });
  }

  /** Recognises errors of this class and, if any are given, of these codes, from any installed copy of codelet, which `instanceof` can't. */
  static isInstance<Self extends CodeletError, Code extends ErrorCode>(
    this: abstract new (
      ...parameters: never
    ) => Self,
    error: unknown,
    ...codes: readonly Code[]
  ): error is Self & ErrorOf<Code> {
    try {
      if (typeof error !== "object" || error === null || !(marker in error)) return false;
      // biome-ignore lint/complexity/noThisInStatic: a subclass asks for its own
      const isOwn = Object.getPrototypeOf(this) === Error || error instanceof this || error.constructor.name === this.name;
      if (!isOwn) return false;
    } catch {
      return false; // a hostile proxy
    }
    return codes.length === 0 || codes.includes((error as { readonly code?: Code }).code as Code);
  }
}

/** The error of a code, where it has more than all have. */
type ErrorOf<Code extends ErrorCode> = Code extends "model-call" ? ModelCallError : Code extends "limit-reached" ? LimitError : CodeletError;

// The model's fault: becomes the step's observation, and the loop goes on.

/** The model's text holds no usable action or answer. */
export class ModelOutputError extends CodeletError {
  override readonly name: string = "ModelOutputError";
  readonly code = "model-output";
}

/** A tool was called with arguments that its schema refuses; the tool did not run. */
export class ToolInputError extends CodeletError {
  override readonly name: string = "ToolInputError";
  readonly code = "tool-input";
}

/** A tool threw, timed out, or returned what can't be passed on (`tool-failed`), or the policy refused the call (`tool-denied`). */
export class ToolError extends CodeletError {
  override readonly name: string = "ToolError";
  readonly code: "tool-failed" | "tool-denied";
  constructor(message: string, options: CodeletErrorOptions & { readonly denied?: boolean } = {}) {
    super(message, options);
    this.code = options.denied ? "tool-denied" : "tool-failed";
  }
}

/** A value can't be carried between host and sandbox: a function, a cycle, too deep or too large. */
export class ValueError extends CodeletError {
  override readonly name: string = "ValueError";
  readonly code = "value";
}

// The world's fault: retried or replaced by policy, then raised.

export interface ModelCallErrorOptions extends CodeletErrorOptions {
  /** HTTP status, where there was an answer. */
  readonly status?: number | undefined;
  /** Whether the same request may succeed later. @default true for no status, 408, 409, 425, 429 and 5xx */
  readonly retryable?: boolean | undefined;
  /** What `Retry-After` asked for, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
}

/** The provider refused the call or could not be reached. */
export class ModelCallError extends CodeletError {
  override readonly name: string = "ModelCallError";
  readonly code = "model-call";
  readonly status: number | undefined;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;
  constructor(message: string, options: ModelCallErrorOptions = {}) {
    const { status, retryAfterMs } = options;
    const retryable = options.retryable ?? (status === undefined || [408, 409, 425, 429].includes(status) || status >= 500);
    super(message, { ...options, details: { ...options.details, status: status ?? null, retryable, retryAfterMs: retryAfterMs ?? null } });
    this.status = status;
    this.retryable = retryable;
    this.retryAfterMs = retryAfterMs;
  }
}

/** The sandbox could not be opened, or died through no act of the code. */
export class ExecutorCrashedError extends CodeletError {
  override readonly name: string = "ExecutorCrashedError";
  readonly code = "executor-crashed";
}

// A limit: ends the run with a recorded reason.

/** The names of the limits that end a run: those of its budget. */
export type LimitName = "steps" | "modelCalls" | "inputTokens" | "outputTokens" | "costUsd" | "toolCalls" | "wallTimeMs";

/** A limit of the run was reached. */
export class LimitError extends CodeletError {
  override readonly name: string = "LimitError";
  readonly code = "limit-reached";
  readonly limit: LimitName;
  constructor(limit: LimitName, value: number, max: number) {
    super(`The limit of ${max} ${limit} is reached (${value}).`, { details: { limit, value, max } });
    this.limit = limit;
  }
}

/** The caller's signal was aborted; `cause` is its reason. */
export class AbortedError extends CodeletError {
  override readonly name: string = "AbortError";
  readonly code = "aborted";
  constructor(reason?: unknown) {
    super("The operation was aborted.", { cause: reason });
  }
}

// Ours or the caller's fault: raised at once.

/** An option is wrong or two options contradict each other. */
export class ConfigurationError extends CodeletError {
  override readonly name: string = "ConfigurationError";
  readonly code = "configuration";
}

/** An optional package is not installed; the message ends with the command that installs it. */
export class MissingPackageError extends CodeletError {
  override readonly name: string = "MissingPackageError";
  readonly code = "missing-package";
  constructor(packageName: string, neededBy: string, options?: CodeletErrorOptions) {
    super(`${neededBy} needs the package ${packageName}. Run: npm install ${packageName}`, { ...options, details: { packageName } });
  }
}

/** A sandbox or a stored run sent what the protocol forbids; the session is discarded. */
export class ProtocolError extends CodeletError {
  override readonly name: string = "ProtocolError";
  readonly code = "protocol";
}

/** What is shown of an error to models, code and events. */
export interface ErrorInfo {
  readonly name: string;
  readonly message: string;
  /** One of the codes in docs/errors.md, where the error is one of ours. */
  readonly code?: ErrorCode | "unknown";
}

/** Name and message of anything that was thrown, also `null` or a hostile proxy, with the code of an error of ours; never throws. */
export function describeThrown(thrown: unknown): ErrorInfo {
  try {
    const known = CodeletError.isInstance(thrown) ? { code: thrown.code } : {};
    if (thrown instanceof Error) return { name: String(thrown.name), message: String(thrown.message), ...known };
    if (typeof thrown === "string") return { name: "Error", message: thrown };
    const hasMessage = typeof thrown === "object" && thrown !== null && "message" in thrown;
    return { name: "Error", message: hasMessage ? String(thrown.message) : `threw ${String(thrown)}` };
  } catch {
    return { name: "Error", message: "threw a value that can't be described" };
  }
}
