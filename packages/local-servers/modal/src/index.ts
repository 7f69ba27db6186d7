export type { Faults } from "./faults.ts";
export { type ModalServer, startModalServer } from "./modal-server.ts";
