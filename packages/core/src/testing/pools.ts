import { type FakeHandler, fakeExecutor } from "@codelet/testing";
import { afterEach, vi } from "vitest";
import type { Execution, Executor, ExecutorSession, OpenSessionOptions, ToolSignature } from "../executor.ts";
import { type PoolExecutor, poolExecutor } from "../pool-executor.ts";

export const echo: ToolSignature = { name: "echo", description: "echo", inputSchema: { type: "object", properties: { x: {} } } };
const pools: PoolExecutor[] = [];

/** Reads a variable, or sets one: `name` or `name = json`. */
export const assigning: FakeHandler = ({ code, variables }) => {
  const [name = "", json] = code.split(" = ");
  if (json !== undefined) variables[name] = JSON.parse(json);
  return variables[name] ?? null;
};

export interface SpiedExecutor {
  readonly executor: Executor;
  readonly opened: OpenSessionOptions[];
  readonly sessions: ExecutorSession[];
  readonly living: () => number;
}

/** An executor with the options of every opening, each of which may be made to wait or to fail. */
export function spied(opening: (options: OpenSessionOptions) => Promise<void> | void = () => {}, handler: FakeHandler = assigning): SpiedExecutor {
  const inner = fakeExecutor(handler);
  const opened: OpenSessionOptions[] = [];
  const sessions: ExecutorSession[] = [];
  const executor: Executor = {
    ...inner,
    async open(options = {}) {
      opened.push(options);
      await opening(options);
      const session = await inner.open(options);
      sessions.push(session);
      return session;
    },
  };
  return { executor, opened, sessions, living: () => inner.openSessions };
}

export function pool(executor: Executor, options: Partial<Parameters<typeof poolExecutor>[1]> = {}): PoolExecutor {
  const created = poolExecutor(executor, { size: 2, ...options });
  pools.push(created);
  return created;
}

export async function evaluate(session: ExecutorSession, code: string): Promise<Execution> {
  session.start(code);
  const advance = await session.next();
  if (advance.type === "calls") throw new Error("The code calls.");
  return advance.execution;
}

export function newGate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

afterEach(async () => {
  vi.useRealTimers();
  await Promise.all(pools.splice(0).map((created) => created[Symbol.asyncDispose]()));
});
