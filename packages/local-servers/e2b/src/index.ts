export { type E2bServer, type E2bServerOptions, type LocalSandbox, type ReceivedRequest, startE2bServer } from "./e2b-server.ts";
export type { Faults } from "./faults.ts";
