import { contractGroups, driveStep, executorContract } from "@codelet/executor-contract";
import { recordExecutor, replayExecutor } from "@codelet/testing";
import { describe, expect, it } from "vitest";
import { localExecutor } from "./local-executor.ts";
import { sandboxMissing } from "./testing/sandbox-support.ts";

/** The same sandbox gives the same answers: the short form asks for what passes through the wrapper, the long one for everything. */
const groups = process.env.CODELET_FULL === "1" ? contractGroups : (["manifest", "calls", "values", "files"] as const);

describe.skipIf(sandboxMissing !== undefined)("a recording of sandboxes", () => {
  let lines = 0;
  executorContract({ it, describe, name: "a recording of local", create: () => recordExecutor(localExecutor(), () => void lines++), groups });

  it("has written the contract down", () => {
    expect(lines).toBeGreaterThan(300);
  });

  it("plays files, values and a lost state again", async () => {
    const written: string[] = [];
    const scenario = async (executor: ReturnType<typeof localExecutor>): Promise<readonly unknown[]> => {
      const session = await executor.open({ variables: { rows: [1, 2] } });
      await session.putFile?.("in.txt", Buffer.from("text"));
      const { execution: first } = await driveStep(
        session,
        "import decimal\nopen('out.txt', 'w').write(open('in.txt').read() * 2)\n(decimal.Decimal('1.5'), {1, 2}, rows)",
      );
      const chunks: Uint8Array[] = [];
      for await (const chunk of session.getFile?.("out.txt") ?? []) chunks.push(chunk);
      const refused = await session.putFile?.("../x", new Uint8Array()).catch((error: { code: string }) => error.code);
      const { execution: second } = await driveStep(session, "import os\nos._exit(3)");
      await session[Symbol.asyncDispose]();
      return [first, String(Buffer.concat(chunks)), refused, second];
    };
    const recorded = await scenario(recordExecutor(localExecutor(), (line) => void written.push(line)));
    expect(recorded[1]).toBe("texttext");
    expect(await scenario(replayExecutor(written.join("")))).toEqual(recorded);
  });
});
