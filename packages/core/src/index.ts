export type { AgentOptions, ResumeOptions, RunBase, RunEnding, RunOptions, RunResult } from "./agent.ts";
export type { AnswerVerdict, FinalAnswerCheck } from "./answer.ts";
export { CodeAgent, type CodeAgentOptions, type CodeOptions } from "./code-agent.ts";
export type { CodeTags } from "./code-tags.ts";
export type { Conversation } from "./conversation.ts";
export type { AgentDefinition } from "./definition.ts";
export type { ErrorCode, ErrorInfo, LimitName } from "./errors.ts";
export {
  AbortedError,
  CodeletError,
  ConfigurationError,
  ExecutorCrashedError,
  LimitError,
  MissingPackageError,
  ModelCallError,
  ModelOutputError,
  ProtocolError,
  ToolError,
  ToolInputError,
  ValueError,
} from "./errors.ts";
export type { AgentEvent, Ending, EventBase, EventBody, RunState } from "./events.ts";
export type {
  Advance,
  CallResult,
  CodeErrorInfo,
  ExecuteOptions,
  Execution,
  Executor,
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
export { type ExecutorChoice, type ExecutorTypes, loadExecutor, registerExecutor } from "./executor-type.ts";
export type { OperationContext, OperationError, OperationName, Operations, Outcome } from "./journal.ts";
export { type Clock, type Journal, type JournalFactory, memoryJournal, Suspension } from "./journal.ts";
export type { Budget, Price } from "./limits.ts";
export type { ManagedAgent } from "./managed-agent.ts";
export type { AgentAudio, AgentImage, Attachment, MediaInput } from "./media.ts";
export type { ActionStep, MessagesOptions, PlanningStep, Step, StepError, SummaryStep, SystemStep, TaskStep, ToolCallRecord } from "./memory.ts";
export { Memory } from "./memory.ts";
export type {
  ContentPart,
  FinishReason,
  Message,
  Model,
  ModelDelta,
  ModelFunction,
  ModelRequest,
  ModelResponse,
  ModelTool,
  ToolCallPart,
  ToolResultPart,
  Usage,
} from "./model.ts";
export { addUsage, noUsage, textOf } from "./model.ts";
export { plainValue } from "./plain-value.ts";
export type { Approval, ApprovalDecision, Approve, DataPolicy, ToolCallRequest, ToolDecision, ToolPolicy } from "./policy.ts";
export type {
  LastAnswerContext,
  ManagedTaskContext,
  PlanContext,
  PromptContext,
  PromptTemplate,
  PromptTemplates,
  ToolCallingContext,
} from "./prompts/templates.ts";
export type { RetryOptions } from "./retry.ts";
export type { Run } from "./run.ts";
export { type RunCodeOptions, runCode } from "./run-code.ts";
export type { SavedConversation } from "./saved-conversation.ts";
export type { JsonSchema, ResolvedSchema, StandardSchema } from "./schema.ts";
export type { Compactor, CompactorContext, LastPrompt, StepCallback, StepCallbackContext, StepCallbacks } from "./step-callbacks.ts";
export type { SuspendedRun } from "./suspension.ts";
export { type AnyTool, parametersOf, type Tool, type ToolContext, type ToolOptions, tool, toolSignature } from "./tool.ts";
export { ToolCallingAgent, type ToolCallingAgentOptions, type ToolCallingOptions } from "./tool-calling-agent.ts";
export type { FrameColumn, FrameLevel, FrameLevels, Json, Media, Opaque, PlainValue, PythonValue, Value } from "./value.ts";
export { isMedia, isPythonValue, pythonFloat, pythonType } from "./value.ts";
