import type { Model } from "@codelet/core";
import { type ModelSetup, type ModelWire, modelContract } from "@codelet/testing/model-contract";
import { describe, it } from "vitest";
import { openai } from "./openai.ts";
import { chatWire } from "./testing/chat-wire.ts";
import { refuseRemoteHosts } from "./testing/refuse-remote-hosts.ts";

refuseRemoteHosts();

const create = ({ baseURL, apiKey, silenceMs = 10_000, maxBytes = 100_000_000 }: ModelSetup): Model =>
  openai("fixture-1", {
    baseURL: `${baseURL}/v1`,
    apiKey,
    firstByteTimeoutMs: silenceMs,
    idleTimeoutMs: silenceMs,
    maxEventBytes: maxBytes,
    maxResponseBytes: maxBytes,
  });

modelContract({ it, describe, create, wire: chatWire });

/** A server that says no reason for an end, but `[DONE]`. */
const withoutReasons: ModelWire = {
  ...chatWire,
  pieces: (reply) => (chatWire.pieces?.(reply) ?? []).filter((piece) => !/"finish_reason":"/.test(String(piece))),
};

modelContract({ it, describe, create, wire: withoutReasons, name: "a server without reasons", groups: ["cuts"] });
