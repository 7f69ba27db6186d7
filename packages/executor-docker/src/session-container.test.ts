import { expect, it } from "vitest";
import { containerOptions } from "./container.ts";
import { resolveOptions } from "./options.ts";
import { SessionContainer } from "./session-container.ts";
import { docker, engineMissing, testOptions } from "./testing/engine.ts";

it.skipIf(engineMissing !== undefined)("a container that ends without a word has ended, and no session is lost with it", async () => {
  const options = resolveOptions(testOptions);
  const session = new SessionContainer(docker, await docker.createContainer(containerOptions(options, options.image, ["true"])), options.image);
  const { stdout, explain } = await session.attach();
  const closed = new Promise((resolve) => stdout.resume().once("close", resolve));
  await session.container.start();
  await closed;
  const ending = { code: "executor-crashed", message: "the container has ended" };
  expect(explain?.(undefined)).toMatchObject(ending);
  await session.container.wait({ condition: "removed" }).catch(() => {});
  await expect(session.attachAgain()).rejects.toMatchObject(ending);
});
