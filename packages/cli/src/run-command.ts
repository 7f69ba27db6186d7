import { CodeAgent, ConfigurationError, type Executor, loadExecutor, type Model } from "@codelet/core";
import { sanitizeLine } from "@codelet/core/console";
import { agentTree, describeAgent } from "@codelet/core/describe";
import type { RunCommand } from "./command-line.ts";
import { type ExitCode, exitCodes } from "./exit-code.ts";
import { jsonLine } from "./json-line.ts";
import { onScreen } from "./on-screen.ts";
import { showRun } from "./show-run.ts";

/** Runs a task with a real model, or shows what would run it; resolves with the exit code. */
export function runCommand({
  modelId,
  baseURL,
  executor: executorName,
  executorOptions,
  imports,
  maxSteps,
  json,
  describe,
  task,
}: RunCommand): Promise<ExitCode> {
  return onScreen(async (screen, environment) => {
    if (!describe && !environment.hasApiKey && baseURL === undefined && environment.baseURL === undefined) throw new ConfigurationError(missingKey);
    const [{ openai }, executor] = await Promise.all([import("@codelet/model-openai"), load(executorName, executorOptions)]);
    const model = fromSettings(() => openai(modelId, { baseURL, ...(describe && { apiKey: "" }) }));
    const agent = new CodeAgent({ model, executor, authorizedImports: imports, maxSteps });
    if (describe) {
      await screen.write(json ? jsonLine(agentTree(agent)) : describeAgent(agent));
      return screen.closed.aborted ? exitCodes.interrupted : exitCodes.success;
    }
    if (!json) await screen.write(`${sanitizeLine(`codelet · openai/${modelId} · sandbox ${executor.name}`)}\n\n`);
    return showRun(agent, task, screen, json ? "json" : "text");
  });
}

/** An executor checks its own options. */
async function load(name: string, options: object | undefined): Promise<Executor> {
  try {
    return await loadExecutor(name, options);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new ConfigurationError(`${error.message}. See --executor-options, or executorOptions in the file of --config.`, { cause: error });
  }
}

/** What the factory finds wrong came from the command line or the environment. */
function fromSettings(create: () => Model): Model {
  try {
    return create();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new ConfigurationError(`${error.message} See --base-url, OPENAI_BASE_URL and OPENAI_API_KEY.`, { cause: error });
  }
}

const missingKey =
  "There is no key for OpenAI. Set the variable OPENAI_API_KEY, or name a server that needs none, such as one on this machine: --base-url http://localhost:8000/v1";
