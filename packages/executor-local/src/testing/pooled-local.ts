import { type PoolExecutor, type PoolExecutorOptions, poolExecutor } from "@codelet/core/pool-executor";
import { localExecutor } from "../local-executor.ts";
import type { LocalExecutorOptions } from "../options.ts";

/** For hosts that are processes of their own. */
export function pooledLocal({ pool, local }: { readonly pool: PoolExecutorOptions; readonly local: LocalExecutorOptions }): PoolExecutor {
  return poolExecutor(localExecutor(local), pool);
}
