// The host's side: a container for one run, and its events as they come.
import Docker from "dockerode";

const stopSeconds = 5;
const maxLineCharacters = 16 * 2 ** 20;

/**
 * Runs the agent in a container and yields its events. The container ends with the loop over them, also when that is left early.
 *
 * Everything in an event comes from the container: check it before you act on it.
 *
 * @param {{ docker?: Docker, image: string, command?: string[], task: string, modelId: string, baseURL?: string, apiKey?: string, user?: string, network?: string, binds?: string[] }} options
 * @returns {AsyncGenerator<{ type: string, [key: string]: unknown }, void, undefined>}
 */
export async function* runInContainer({
  docker = new Docker(),
  image,
  command,
  task,
  modelId,
  baseURL,
  apiKey,
  user = "1000:1000",
  network = "bridge",
  binds = [],
}) {
  const variables = { AGENT_TASK: JSON.stringify({ task, modelId, baseURL }), ...(apiKey !== undefined && { OPENAI_API_KEY: apiKey }) };
  const container = await docker.createContainer({
    Image: image,
    ...(command !== undefined && { Entrypoint: command }),
    User: user,
    WorkingDir: "/tmp",
    Env: ["HOME=/tmp", ...Object.entries(variables).map(([name, value]) => `${name}=${value}`)],
    Labels: { codelet: "agent" },
    AttachStdout: true,
    AttachStderr: true,
    HostConfig: {
      Binds: binds,
      NetworkMode: network, // the agent reaches its model from in there
      ReadonlyRootfs: true,
      Tmpfs: { "/tmp": "rw,nosuid,nodev,size=268435456,mode=1777" },
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges:true"],
      Memory: 2 ** 30,
      MemorySwap: 2 ** 30,
      PidsLimit: 256,
      NanoCpus: 1e9,
    },
  });
  try {
    const stream = await container.attach({ stream: true, stdout: true, stderr: true });
    await container.start();
    yield* readEvents(docker, stream);
  } finally {
    await container.stop({ t: stopSeconds }).catch(() => {}); // it has ended by itself
    await container.remove({ force: true });
  }
}

async function* readEvents(docker, stream) {
  const { PassThrough } = await import("node:stream");
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  docker.modem.demuxStream(stream, stdout, stderr);
  stream.once("end", () => stdout.end());
  let complaint = "";
  stderr.on("data", (chunk) => {
    complaint = `${complaint}${chunk}`.slice(-2_000);
  });
  let rest = "";
  let last;
  for await (const chunk of stdout.setEncoding("utf8")) {
    const lines = `${rest}${chunk}`.split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > maxLineCharacters) throw new Error("The container wrote a line without an end.");
    for (const line of lines) {
      last = JSON.parse(line);
      yield last;
    }
  }
  if (last?.type !== "run-end") throw new Error(`The container ended before the run did: ${complaint.trim() || "it said nothing"}`);
}
