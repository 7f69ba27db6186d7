import { expectTypeOf, test } from "vitest";
import { CodeAgent, type Executor, type Model } from "./index.ts";
import { type PoolExecutor, type PoolExecutorOptions, poolExecutor } from "./pool-executor.ts";

declare const model: Model;
declare const executor: Executor;

test("a pool is an executor that can be disposed of", () => {
  const pooled = poolExecutor(executor, { size: 2 });
  expectTypeOf(pooled).toEqualTypeOf<PoolExecutor>();
  expectTypeOf(pooled).toExtend<Executor & AsyncDisposable>();
  new CodeAgent({ model, executor: pooled });
});

test("the size has no default, and the options can't be changed", () => {
  // @ts-expect-error no size
  poolExecutor(executor, {});
  // @ts-expect-error unknown option
  poolExecutor(executor, { size: 1, max: 2 });
  expectTypeOf<PoolExecutorOptions>().toEqualTypeOf<Readonly<PoolExecutorOptions>>();
});

test("warming up takes a signal and progress, and no bindings", () => {
  const pooled = poolExecutor(executor, { size: 2 });
  expectTypeOf(pooled.warm({ signal: AbortSignal.timeout(1_000), onProgress: () => {} })).toEqualTypeOf<Promise<void>>();
  // @ts-expect-error tools are the callers'
  void pooled.warm({ tools: [] });
});
