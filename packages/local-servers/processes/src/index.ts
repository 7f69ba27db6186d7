export { machineVariable, processesOf, signalMachine, signalProcess } from "./machine-processes.ts";
