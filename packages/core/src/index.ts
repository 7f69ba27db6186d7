export type { AgentOptions, RunBase, RunOptions, RunResult } from "./agent.ts";
export type { AnswerVerdict, FinalAnswerCheck } from "./answer.ts";
export { CodeAgent, type CodeAgentOptions, type CodeOptions } from "./code-agent.ts";
export type { Approve, ToolCallRequest, ToolDecision, ToolPolicy } from "./dispatch.ts";
export {
  AbortedError,
  CodeletError,
  ConfigurationError,
  type ErrorCode,
  ExecutorCrashedError,
  LimitError,
  type LimitName,
  MissingPackageError,
  ModelCallError,
  ModelOutputError,
  ProtocolError,
  ToolError,
  ToolInputError,
  ValueError,
} from "./errors.ts";
export type { AgentEvent, EventBody, RunState } from "./events.ts";
export type {
  ExecutorCapabilities,
  ExecutorSession,
  OpenSessionOptions,
  OutputChunk,
  RichOutput,
  SandboxCall,
  SessionBinding,
  SessionRef,
  ToolSignature,
} from "./executor.ts";
export { type Advance, baseImports, type CallResult, type CodeErrorInfo, type ExecuteOptions, type Execution, type Executor } from "./executor.ts";
export { type ExecutorChoice, type ExecutorTypes, loadExecutor, registerExecutor } from "./executor-type.ts";
export type { OperationName, Operations, Outcome } from "./journal.ts";
export { type Clock, type Journal, type JournalFactory, memoryJournal, type OperationContext, type OperationError } from "./journal.ts";
export type { Limits, Price } from "./limits.ts";
export type { ActionStep, Memory, Step, StepError, SystemStep, TaskStep, ToolCallRecord } from "./memory.ts";
export {
  addUsage,
  type ContentPart,
  type FinishReason,
  type Message,
  type Model,
  type ModelDelta,
  type ModelFunction,
  type ModelRequest,
  type ModelResponse,
  type ModelTool,
  noUsage,
  type ToolCallPart,
  textOf,
  type Usage,
} from "./model.ts";
export type { CodeTags } from "./parse-code.ts";
export { plainValue } from "./plain-value.ts";
export type { LastAnswerContext, PromptContext, Prompts } from "./prompts/prompts.ts";
export type { RetryOptions } from "./retry.ts";
export type { Run } from "./run.ts";
export { type RunCodeOptions, runCode } from "./run-code.ts";
export { type JsonSchema, jsonSchema, type ResolvedSchema, type StandardSchema } from "./schema.ts";
export { type AnyTool, parametersOf, type Tool, type ToolContext, type ToolOptions, tool, toolSignature } from "./tool.ts";
export {
  type FrameColumn,
  isMedia,
  isPythonValue,
  type Json,
  type Media,
  type Opaque,
  type PlainValue,
  type PythonValue,
  pythonFloat,
  pythonType,
  type Value,
} from "./value.ts";
export { decodeValue, encodeValue, fromBase64, toBase64, type ValueLimits } from "./value-codec.ts";
