export { type BlaxelServer, startBlaxelServer } from "./blaxel-server.ts";
export type { Faults } from "./faults.ts";
