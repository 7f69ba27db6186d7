import type { Model } from "@codelet/core";
import { asModel } from "./as-model.ts";
import type { ModelSetup, ResolvedModelContractOptions } from "./contract-options.ts";
import { type Loopback, openLoopback, type ServedRequest, type ServerAnswer } from "./loopback.ts";
import type { Reply } from "./model-wire.ts";
import { says } from "./server-answers.ts";

/** What a case, and a deviation's `instead`, has at hand. */
export interface ModelCaseContext {
  readonly options: ResolvedModelContractOptions;
  /** Starts a server that answers every request so, and makes the model that speaks to it. The server ends with the case. */
  serve(answer: Reply | ServerAnswer, limits?: Pick<ModelSetup, "silenceMs" | "maxBytes">): Promise<ServedModel>;
}

/** A model, and what its server got. */
export interface ServedModel {
  readonly model: Model;
  readonly requests: readonly ServedRequest[];
}

/** The key that every model gets. */
export const contractKey = "sk-key-of-the-contract-0123456789";

/** The servers of one case. */
export class CaseServers implements AsyncDisposable {
  readonly #options: ResolvedModelContractOptions;
  readonly #opened: Loopback[] = [];

  constructor(options: ResolvedModelContractOptions) {
    this.#options = options;
  }

  context(): ModelCaseContext {
    return {
      options: this.#options,
      serve: async (answer, limits = {}) => {
        const server = await openLoopback(this.#options.wire, typeof answer === "function" ? answer : says(answer));
        this.#opened.push(server);
        const model = asModel(this.#options.create({ baseURL: server.baseURL, apiKey: contractKey, ...limits }));
        return { model, requests: server.requests };
      },
    };
  }

  /** What the author's wire threw; undefined when it threw nothing. */
  get wireError(): unknown {
    return this.#opened.map(({ wireError }) => wireError).find((error) => error !== undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#opened.map((server) => server[Symbol.asyncDispose]()));
  }
}
