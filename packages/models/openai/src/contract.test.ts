import { modelContract } from "@codelet/testing/model-contract";
import { describe, it } from "vitest";
import { openai } from "./openai.ts";
import { chatWire } from "./testing/chat-wire.ts";
import { refuseRemoteHosts } from "./testing/refuse-remote-hosts.ts";

refuseRemoteHosts();

modelContract({
  it,
  describe,
  wire: chatWire,
  create: ({ baseURL, apiKey, silenceMs = 10_000, maxBytes = 100_000_000 }) =>
    openai("fixture-1", {
      baseURL: `${baseURL}/v1`,
      apiKey,
      firstByteTimeoutMs: silenceMs,
      idleTimeoutMs: silenceMs,
      maxEventBytes: maxBytes,
      maxResponseBytes: maxBytes,
    }),
});
