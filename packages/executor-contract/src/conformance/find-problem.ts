import { isDeepStrictEqual } from "node:util";
import { type ExecutorSession, type OutputChunk, plainValue, type Value } from "@codelet/core";
import { type DrivenStep, driveStep } from "../drive-step.ts";
import type { PythonCase, PythonSession, Snippet, TypeAndRepr } from "./conformance-data.ts";
import { sessionTools } from "./session-tools.ts";

const functions = Object.fromEntries(sessionTools.map(({ signature, run }) => [signature.name, run]));

/** What is wrong with the output, or undefined. */
export async function snippetProblem({ code, expected }: Snippet, session: ExecutorSession): Promise<string | undefined> {
  const { execution, stdout } = await drive(session, code);
  return raised(execution.error) ?? difference("output", stdout, expected);
}

/** What is wrong in the first step that is wrong, or undefined. */
export async function sessionProblem({ steps, expected }: PythonSession, session: ExecutorSession): Promise<string | undefined> {
  for (const [index, code] of steps.entries()) {
    const { execution, stdout } = await drive(session, code);
    const wanted = expected[index];
    if (wanted === undefined) throw new Error("a step without an expectation");
    const problem =
      difference("error", execution.error?.name ?? null, wanted.error) ??
      difference("output", stdout, wanted.stdout) ??
      (await answerProblem(session, execution.finalAnswer, wanted.final, wanted.final_json));
    if (problem !== undefined) return `step ${index + 1}: ${problem}`;
  }
  return undefined;
}

/** What is wrong with the value, the output, the variables or the error, or undefined. */
export async function caseProblem(item: PythonCase, session: ExecutorSession): Promise<string | undefined> {
  const { code, expect } = item;
  for (const earlier of programsBefore(item)) await drive(session, earlier);
  const { execution, stdout } = await drive(session, code);
  return (
    (expect.error_class === undefined ? raised(execution.error) : undefined) ??
    difference("error", execution.error?.name, expect.error_class) ??
    difference("message", withoutPlace(execution.error?.message), withoutPlace(expect.error_message)) ??
    difference("output", stdout, expect.stdout ?? "") ??
    (await stateProblem(session, expect.state)) ??
    (expect.result === undefined ? undefined : await valueProblem(session, execution.value, expect.result))
  );
}

/** One that raises may be meant to. */
function programsBefore({ prelude = [], state_in = {}, tools = {} }: PythonCase): readonly string[] {
  const variables = Object.entries(state_in).map(([name, { repr }]) => `${name} = ${repr}`);
  return [...Object.values(tools), ...variables, ...prelude];
}

/** Sends the value back and asks the sandbox what it is: the kind has to survive both ways. */
async function valueProblem(session: ExecutorSession, value: Value, { type, repr, json }: TypeAndRepr): Promise<string | undefined> {
  await session.bind({ variables: { contract_value: value } });
  const asked = await ask(session, "[type(contract_value).__name__, repr(contract_value)]");
  const isExactJson = json !== undefined && !/\d{16}/.test(repr);
  return difference("value", asked, [type, repr]) ?? (isExactJson ? difference("value on the host", unwrap(plainValue(value)), json) : undefined);
}

async function answerProblem(
  session: ExecutorSession,
  answer: { readonly value: Value } | undefined,
  repr: string | null,
  json: string | null,
): Promise<string | undefined> {
  if (answer === undefined || repr === null) return difference("answer", answer?.value ?? null, repr);
  await session.bind({ variables: { contract_value: answer.value } });
  return (
    difference("answer", await ask(session, "repr(contract_value)"), repr) ??
    (json === null
      ? undefined
      : difference("answer on the host", JSON.stringify(unwrap(plainValue(answer.value))), JSON.stringify(readNumbers(json))))
  );
}

async function stateProblem(session: ExecutorSession, state: Readonly<Record<string, TypeAndRepr>>): Promise<string | undefined> {
  const names = Object.keys(state);
  if (names.length === 0) return undefined;
  const asked = await ask(session, `[[type(x).__name__, repr(x)] for x in (${names.join(", ")},)]`);
  return difference(
    "variables",
    asked,
    names.map((name) => [state[name]?.type, state[name]?.repr]),
  );
}

async function ask(session: ExecutorSession, question: string): Promise<Value | string> {
  const { execution } = await drive(session, question);
  return execution.error === undefined ? execution.value : `${execution.error.name}: ${execution.error.message}`;
}

/** Standard output alone: what CPython warns of on standard error is no part of the data. */
async function drive(session: ExecutorSession, code: string): Promise<DrivenStep & { readonly stdout: string }> {
  let stdout = "";
  const onOutput = ({ stream, text }: OutputChunk): void => {
    if (stream === "stdout") stdout += text;
  };
  const step = await driveStep(session, code, { tools: functions, onOutput });
  return { ...step, stdout };
}

function raised(error: { readonly name: string; readonly message: string } | undefined): string | undefined {
  return error && `raised ${error.name}: ${error.message}`;
}

function difference(what: string, actual: unknown, expected: unknown): string | undefined {
  return isDeepStrictEqual(actual, expected) ? undefined : `${what} is ${show(actual)}, CPython has ${show(expected)}`;
}

/** A syntax error may name its file and line in the message; what the file is called is not CPython's business. */
function withoutPlace(message: string | undefined): string | undefined {
  return message?.replace(/ \(.*line \d+\)$/, "");
}

/** Big integers as JSON numbers lose digits; here they are compared as text. */
function readNumbers(json: string): unknown {
  return /^-?\d{16,}$/.test(json) ? json : JSON.parse(json);
}

/** Plain objects instead of those without prototype, and big integers as text. */
function unwrap(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (_, item: unknown) => (typeof item === "bigint" ? String(item) : item)));
}

function show(value: unknown): string {
  return (JSON.stringify(value, (_, item: unknown) => (typeof item === "bigint" ? `${item}n` : item)) ?? "undefined").slice(0, 300);
}
