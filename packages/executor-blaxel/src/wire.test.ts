import { afterAll, expect, it } from "vitest";
import { useLocalBlaxel } from "./testing/local-blaxel.ts";

const server = await useLocalBlaxel();
const { blaxelExecutor } = await import("./blaxel-executor.ts");
afterAll(() => server.close());

/** What Blaxel was asked for by an executor with these options. */
async function askedFor(options: Parameters<typeof blaxelExecutor>[0]): Promise<unknown> {
  const session = await blaxelExecutor(options).open();
  await session[Symbol.asyncDispose]();
  return server.specs.at(-1);
}

const lifecycle = (value: string): object => ({ expirationPolicies: [{ type: "ttl-idle", value, action: "delete" }] });

it("asks for a sandbox that is deleted after ten minutes without activity, with one port and its network as it is", async () => {
  const asked = await askedFor({});
  expect(asked).toMatchObject({
    runtime: { image: "blaxel/py-app:latest", memory: 2_048, ports: [{ target: expect.any(Number), protocol: "HTTP" }] },
    lifecycle: lifecycle("10m"),
  });
  expect(asked).not.toHaveProperty("network");
});

it("asks for Blaxel's proxy with the domains that code may reach, and for the region and the time of the options", async () => {
  expect(await askedFor({ allowedDomains: ["*.example.com"], region: "us-pdx-1", idleMinutes: 2.5 })).toMatchObject({
    region: "us-pdx-1",
    lifecycle: lifecycle("3m"),
    network: { firewall: { rulesets: ["proxy"] }, proxy: { allowedDomains: ["*.example.com"] } },
  });
});
