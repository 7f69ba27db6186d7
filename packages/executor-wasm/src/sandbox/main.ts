/** The entry of the process that Python runs in. */
import { buildSnapshot } from "./build-snapshot.ts";
import { deno, writeFully } from "./deno.ts";
import { silenceConsole } from "./realm.ts";
import { interpreterDied, type SandboxRequest } from "./requests.ts";
import { runSession } from "./run-session.ts";

const writeError = (text: string): void => writeFully(deno.stderr, new TextEncoder().encode(text));

silenceConsole(writeError);
try {
  const request = JSON.parse(deno.args[0] ?? "") as SandboxRequest;
  if (request.mode === "build") await buildSnapshot(request);
  deno.exit(request.mode === "run" ? await runSession(request) : 0);
} catch (error) {
  writeError(`${error instanceof Error ? error.stack : error}\n`);
  deno.exit(interpreterDied);
}
