// What is measured: a carrier each, with what its provider offers by itself to run a line of Python in the same place.
const PACKAGES = new URL("../../packages/", import.meta.url);
const load = (name) => import(new URL(`${name}/dist/index.js`, PACKAGES).href);

export const SUBJECTS = [
  { id: "local", name: "child process (local, no sandbox)", start: startLocal },
  { id: "docker", name: "Docker, attached streams", start: startDocker },
  { id: "e2b", name: "E2B's SDK, local server", start: startE2b },
  { id: "modal", name: "Modal's SDK, local server", start: startModal },
  { id: "blaxel", name: "Blaxel's SDK, local server", start: startBlaxel },
];

/** The executor, what the provider has beside it, and what ends both. */
async function startLocal() {
  const { localExecutor } = await load("executor-local");
  return { executor: localExecutor({ sandbox: "none" }), close: async () => {} };
}

async function startDocker() {
  const { dockerExecutor } = await load("executor-docker");
  const { default: Docker } = await import(await entryOf("executor-docker", "dockerode"));
  const { CODELET_DOCKER_ENGINE: engine, CODELET_DOCKER_IMAGE: image = "python:3.13-slim-bookworm" } = process.env;
  const docker = new Docker(engine === undefined ? undefined : { socketPath: engine.replace("unix://", "") });
  await docker.getImage(image).inspect();
  const container = await docker.createContainer({ Image: image, Cmd: ["sleep", "600"], HostConfig: { AutoRemove: true, NetworkMode: "none" } });
  await container.start();
  return {
    executor: dockerExecutor({ engine, image, pullPolicy: "never" }),
    beside: {
      name: "docker exec python3",
      async run() {
        const exec = await container.exec({ Cmd: ["python3", "-c", "print(6 * 7)"], AttachStdout: true });
        const stream = await exec.start({});
        for await (const _ of stream);
      },
    },
    close: () => container.remove({ force: true }),
  };
}

async function startE2b() {
  const { startE2bServer } = await load("local-servers/e2b");
  const server = await startE2bServer();
  Object.assign(process.env, { E2B_API_KEY: server.apiKey, E2B_API_URL: server.url, E2B_SANDBOX_URL: server.url });
  const { e2bExecutor } = await load("executor-e2b");
  const { Sandbox } = await import(await entryOf("executor-e2b", "@e2b/code-interpreter"));
  const sandbox = await Sandbox.create();
  await sandbox.runCode("1");
  return { executor: e2bExecutor(), beside: { name: "runCode", run: () => sandbox.runCode("6 * 7") }, close: () => server.close() };
}

async function startModal() {
  const { startModalServer } = await load("local-servers/modal");
  const server = await startModalServer();
  Object.assign(process.env, { MODAL_SERVER_URL: server.url, MODAL_TOKEN_ID: server.tokenId, MODAL_TOKEN_SECRET: server.tokenSecret });
  const { modalExecutor } = await load("executor-modal");
  const { ModalClient } = await import(await entryOf("executor-modal", "modal"));
  const client = new ModalClient();
  const sandbox = await client.sandboxes.create(
    await client.apps.fromName("bench", { createIfMissing: true }),
    client.images.fromRegistry("python:3.13-slim"),
  );
  const run = async () => (await (await sandbox.exec(["python3", "-c", "print(6 * 7)"])).wait()) === 0;
  return { executor: modalExecutor(), beside: { name: "exec python3", run }, close: () => server.close() };
}

async function startBlaxel() {
  const { startBlaxelServer } = await load("local-servers/blaxel");
  const server = await startBlaxelServer();
  const addresses = { BL_API_URL: `${server.url}/v0`, BL_RUN_URL: server.url, BL_API_KEY: server.apiKey, BL_WORKSPACE: "local", BL_REGION: "local" };
  Object.assign(process.env, addresses, { BL_DISABLE_H2: "true", BL_DISABLE_CONTROL_PLANE_H2: "true" });
  const { blaxelExecutor } = await load("executor-blaxel");
  const { SandboxInstance } = await import(await entryOf("executor-blaxel", "@blaxel/core"));
  const sandbox = await SandboxInstance.create({ name: "bench", image: "blaxel/py-app:latest", memory: 2_048 });
  const run = () => sandbox.process.exec({ command: 'python3 -c "print(6 * 7)"', waitForCompletion: true });
  return { executor: blaxelExecutor(), beside: { name: "process.exec python3", run }, close: () => server.close() };
}

/** The copy of the SDK that the executor itself uses. */
async function entryOf(owner, name) {
  const { createRequire } = await import("node:module");
  const { pathToFileURL } = await import("node:url");
  return pathToFileURL(createRequire(new URL(`${owner}/package.json`, PACKAGES)).resolve(name)).href;
}
