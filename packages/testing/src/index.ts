export { type Cassette, type CassetteEntry, type CassetteOutcome, parseCassette } from "./cassette.ts";
export { FakeClock, type FakeClockOptions } from "./fake-clock.ts";
export { type FakeExecutor, type FakeExecutorOptions, type FakeHandler, type FakeStep, fakeExecutor } from "./fake-executor.ts";
export { type FaultyModelOptions, faultyModel, type ModelFault } from "./faulty-model.ts";
export { recordExecutor } from "./record-executor.ts";
export { recordModel } from "./record-model.ts";
export { type ReplayExecutor, replayExecutor } from "./replay-executor.ts";
export { type ReplayModel, type ReplayModelOptions, replayModel } from "./replay-model.ts";
export { requestDigest } from "./request-digest.ts";
export { type ScriptedAnswer, type ScriptedModel, type ScriptedModelOptions, type ScriptedReply, scriptedModel } from "./scripted-model.ts";
export {
  parseTranscript,
  type RecordedError,
  type RecordedExecutor,
  type RecordedOpen,
  type Transcript,
  type TranscriptEntry,
  type TranscriptEvent,
} from "./transcript.ts";
