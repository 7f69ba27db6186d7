import type { DockerExecutorOptions } from "./options.ts";

export { dockerExecutor, dockerExecutor as createExecutor } from "./docker-executor.ts";
export type { DockerBuild, DockerExecutorOptions, DockerMount } from "./options.ts";

declare module "@codelet/core" {
  interface ExecutorTypes {
    docker: DockerExecutorOptions;
  }
}
