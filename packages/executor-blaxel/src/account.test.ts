import { expect, it } from "vitest";
import { blaxelError } from "./account.ts";

it("says once what to do without an account", () => {
  const thrown = Object.assign(new Error("No credentials found. Set BL_API_KEY and BL_WORKSPACE, or run `bl login`."), { name: "CredentialsError" });
  expect(blaxelError(thrown, "start a sandbox")).toMatchObject({
    code: "configuration",
    message:
      "Blaxel could not start a sandbox: No credentials found. Set BL_API_KEY and BL_WORKSPACE, or run `bl login`. Or pass `apiKey` and `workspace`.",
  });
});
