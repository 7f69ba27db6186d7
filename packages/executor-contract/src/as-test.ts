/**
 * A test function without parameters, since Mocha and Jest wait for a callback where there is one. What can skip the test is the runner's first
 * argument (Vitest, node:test) or its `this` (Mocha).
 */
export function asTest(run: (test: unknown) => Promise<void>): (this: unknown, ...parameters: readonly unknown[]) => Promise<void> {
  return function (...parameters) {
    return run(parameters[0] ?? this);
  };
}
