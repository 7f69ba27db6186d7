export type { ModelCaseContext, ServedModel } from "./case-context.ts";
export {
  type ModelContractOptions,
  type ModelDeviation,
  type ModelGroupName,
  type ModelLacks,
  type ModelSetup,
  modelContractGroups,
  type RegisterGroup,
  type RegisterTest,
  type ResolvedModelContractOptions,
} from "./contract-options.ts";
export type { ServedRequest, ServerAnswer } from "./loopback.ts";
export { modelContract, modelContractCaseNames } from "./model-contract.ts";
export type { Asked, HttpRequest, ModelWire, Reply, ReplyCall, ReplyPart } from "./model-wire.ts";
