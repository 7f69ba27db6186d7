import { afterAll, expect, it } from "vitest";
import { useLocalModal } from "./testing/local-modal.ts";

const server = await useLocalModal();
const { modalExecutor } = await import("./modal-executor.ts");
afterAll(() => server.close());

/** What Modal was asked for by an executor with these options. */
async function askedFor(options: Parameters<typeof modalExecutor>[0]): Promise<Readonly<Record<string, unknown>>> {
  const before = server.asked.length;
  const session = await modalExecutor(options).open();
  await session[Symbol.asyncDispose]();
  return Object.fromEntries(server.asked.slice(before).map(({ method, request }) => [method, request]));
}

const networkAccess = { blocked: 2, allowlist: 3 } as const;

it("asks for a sandbox without a network and without secrets, with limits that are reserved, for an hour or 90 s without activity", async () => {
  expect(await askedFor({})).toMatchObject({
    imageGetOrCreate: { image: { dockerfileCommands: ["FROM python:3.13-slim-bookworm"] } },
    sandboxCreateV2: {
      appId: "ap-codelet",
      definition: {
        secretIds: [],
        networkAccess: { networkAccessType: networkAccess.blocked },
        resources: { memoryMb: 1_024, memoryMbMax: 1_024, milliCpu: 1_000, milliCpuMax: 1_000 },
        timeoutSecs: 3_600,
        idleTimeoutSecs: 90,
      },
      secretSources: [],
    },
  });
});

it("asks for layers of the image with packages and commands, and for the domains that code may reach", async () => {
  const layers = { packages: ["six"], dockerfileCommands: ["ENV REPORT=weekly"] };
  const asked = await askedFor({ ...layers, blockNetwork: false, allowedDomains: ["*.example.com"], orphanTimeoutMs: 10_000 });
  expect(asked).toMatchObject({
    imageGetOrCreate: {
      image: { dockerfileCommands: [expect.anything(), "ENV REPORT=weekly", expect.stringMatching(/^RUN \["env",.*"pip","install",.*"six"\]$/)] },
    },
    sandboxCreateV2: {
      definition: { networkAccess: { networkAccessType: networkAccess.allowlist, allowedDomains: ["*.example.com"] }, idleTimeoutSecs: 40 },
    },
  });
});
