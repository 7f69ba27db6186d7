import { fileURLToPath } from "node:url";
import Docker from "dockerode";
import { describe, expect, it } from "vitest";
import { chatServer } from "../../packages/cli/src/testing/chat-server.ts";
import { runInContainer } from "./run-in-container.mjs";

const { CODELET_DOCKER_ENGINE: engine, CODELET_DOCKER_IMAGE: image = "" } = process.env;
const docker = new Docker(engine === undefined ? undefined : { socketPath: engine.replace("unix://", "") });
const missing = await docker
  .getImage(image)
  .inspect()
  .then(
    () => undefined,
    (error: Error) => error.message,
  );
if (missing !== undefined) console.log(`SKIPPED the agent in a container: ${missing.split("\n")[0]}`);

/** The image of the tests has Python and no Node: both, and the packages, come from this folder, read-only. */
const root = fileURLToPath(new URL("../../", import.meta.url));
const options = {
  docker,
  image,
  command: [process.execPath, `${root}examples/agent-in-docker/agent.mjs`],
  user: `${process.getuid?.() ?? 1000}:${process.getgid?.() ?? 1000}`, // who may read this folder
  network: "host", // the model is a server on this machine
  binds: [`${root}:${root}:ro`, `${process.execPath}:${process.execPath}:ro`],
  task: "How many lines has /etc/passwd?",
  modelId: "scripted",
  apiKey: "local",
};

describe.skipIf(missing !== undefined)("the whole agent in a container", () => {
  it("hands its events to the host, and its tools see the container's files", async () => {
    await using model = await chatServer('Thought: count.\n<code>\nprint("counting")\nfinal_answer(line_count("/etc/passwd"))\n</code>');
    const events = [];
    for await (const event of runInContainer({ ...options, baseURL: model.baseURL })) events.push(event);
    expect(events.map(({ type }) => type)).toEqual(
      expect.arrayContaining(["run-start", "code", "output-delta", "tool-call", "tool-result", "run-end"]),
    );
    expect(events.at(-1)).toMatchObject({ type: "run-end", state: "success", output: expect.any(Number) });
    expect(events.find(({ type }) => type === "output-delta")).toMatchObject({ text: "counting\n" });
  }, 60_000);

  it("ends when the host leaves, and says why when it can't begin", async () => {
    await using model = await chatServer("hang");
    for await (const { type } of runInContainer({ ...options, baseURL: model.baseURL })) if (type === "step-start") break;
    const left = await docker.listContainers({ all: true, filters: { label: ["codelet=agent"] } });
    expect(left).toEqual([]);
    const broken = runInContainer({ ...options, command: [process.execPath, "-e", "console.error('no agent here')"] });
    await expect(broken.next()).rejects.toThrow(/no agent here/);
  }, 60_000);
});
