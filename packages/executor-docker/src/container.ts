import type { ContainerCreateOptions } from "dockerode";
import type { ResolvedDockerOptions } from "./options.ts";

/** By which containers of sessions are known. */
export const sessionLabel = { name: "codelet", value: "session" } as const;

/** What Docker may do to nothing but the code: every wall that an unprivileged program needs no door in. */
export function containerOptions(options: ResolvedDockerOptions, image: string, argv: readonly string[]): ContainerCreateOptions {
  const onPodman = options.engineType === "podman";
  const { memoryLimitBytes, diskLimitBytes, runtime, user, env } = options;
  const [uid = "0", gid = uid] = user.split(":");
  const folder = `rw,nosuid,nodev,size=${diskLimitBytes}`;
  const own = `${folder},mode=0700,uid=${uid},gid=${gid}`;
  // Podman knows no uid here, and a memory folder gets the mode of what it hides: /tmp is everyone's in every image.
  const folders: Record<string, string> = onPodman ? { "/tmp": `${folder},mode=1777` } : { [workFolder]: own, "/tmp": own };
  const home = onPodman ? "/tmp" : workFolder;
  const variables = { LANG: "C.UTF-8", MALLOC_ARENA_MAX: "1", ...env, HOME: home, TMPDIR: "/tmp" };
  return {
    Image: image,
    ...(options.network === "none" ? { Hostname: "codelet" } : {}), // the same for code that runs again in another container
    Entrypoint: [...argv],
    Cmd: [],
    StopSignal: "SIGKILL", // the supervisor takes no other, which code could send too
    User: user,
    WorkingDir: home,
    Env: Object.entries(variables).map(([name, value]) => `${name}=${value}`),
    Labels: { [sessionLabel.name]: sessionLabel.value },
    OpenStdin: true,
    StdinOnce: false, // another host may attach when this one is gone
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    Tty: false,
    HostConfig: {
      AutoRemove: true,
      NetworkMode: options.network,
      ReadonlyRootfs: true,
      Tmpfs: folders,
      Mounts: options.mounts.map(({ source, target, writable }) => ({ Type: "bind", Source: source, Target: target, ReadOnly: writable !== true })),
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges:true"],
      IpcMode: "private",
      Memory: memoryLimitBytes,
      MemorySwap: memoryLimitBytes,
      NanoCpus: Math.round(options.cpus * 1e9),
      PidsLimit: options.maxProcesses,
      // One limit here replaces those of Podman's configuration, without which a Podman that may not raise limits starts nothing.
      ...(onPodman ? {} : { Ulimits: [{ Name: "core", Soft: 0, Hard: 0 }] }),
      LogConfig: { Type: "none", Config: {} }, // else the engine keeps a copy of every line
      ...(runtime === undefined ? {} : { Runtime: runtime }),
    },
  };
}

const workFolder = "/work";
