/** Runs one step through the contract and returns its value; each host call is answered at once. Throws when the code failed. */
export async function runStep(session, code, answer) {
  session.start(code);
  for (;;) {
    const advance = await session.next();
    if (advance.type === "calls") {
      session.deliver(advance.calls.map((call) => ({ id: call.id, value: answer(call) })));
      continue;
    }
    const { error, value } = advance.execution;
    if (error !== undefined) throw new Error(`${error.name}: ${error.message}\n${error.traceback ?? ""}`);
    return value;
  }
}
