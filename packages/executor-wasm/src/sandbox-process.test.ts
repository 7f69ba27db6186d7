import { expect, it } from "vitest";
import { openImage } from "./image.ts";
import { startSandbox } from "./sandbox-process.ts";
import { testCacheDir } from "./testing/test-cache.ts";

it("is ended when the state that it was asked for does not come", async () => {
  const image = await openImage({ cacheDir: testCacheDir });
  const sandbox = await startSandbox(image, { memoryLimitBytes: 2 ** 28, diskLimitBytes: 2 ** 20 });
  try {
    const closed = new Promise<{ message: string }>((resolve) => sandbox.onClose(resolve));
    // It waits for its first frame: nothing makes it send a checkpoint.
    await expect(sandbox.checkpoint(300)).rejects.toMatchObject({ code: "executor-crashed", message: expect.stringContaining("in 300 ms") });
    expect((await closed).message).toContain("in 300 ms");
  } finally {
    await sandbox.kill();
  }
});
