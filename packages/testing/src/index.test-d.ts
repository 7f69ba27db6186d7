import type { Executor, Model, SandboxCall } from "@codelet/core";
import { expectTypeOf, test } from "vitest";
import { parseTranscript, type ReplayExecutor, recordExecutor, recordModel, replayExecutor, type TranscriptEntry } from "./index.ts";

declare const executor: Executor;
declare const model: Model;
declare const lines: string[];
declare const entry: TranscriptEntry;

test("recording and replaying give executors", () => {
  expectTypeOf(recordExecutor(executor, (line) => void expectTypeOf(line).toEqualTypeOf<string>())).toEqualTypeOf<Executor>();
  expectTypeOf(recordExecutor(executor, async () => {})).toEqualTypeOf<Executor>();
  expectTypeOf(recordExecutor(executor, (line) => lines.push(line))).toEqualTypeOf<Executor>();
  expectTypeOf(recordModel(model, (line) => lines.push(line))).toEqualTypeOf<Model>();
  expectTypeOf(replayExecutor("")).toEqualTypeOf<ReplayExecutor>();
  expectTypeOf(replayExecutor("").remaining).toEqualTypeOf<number>();
  // @ts-expect-error no sink
  recordExecutor(executor);
});

test("an entry is told by its type", () => {
  expectTypeOf(parseTranscript("").entries).toEqualTypeOf<readonly TranscriptEntry[]>();
  expectTypeOf(entry.session).toEqualTypeOf<number>();
  if (entry.type === "start") expectTypeOf(entry.code).toEqualTypeOf<string>();
  if (entry.type === "advance" && "advance" in entry && entry.advance.type === "calls")
    expectTypeOf(entry.advance.calls).toEqualTypeOf<readonly SandboxCall[]>();
});
