/** The machines whose system call numbers we know. */
export type FilteredArchitecture = "x64" | "arm64";

interface CallNumbers {
  readonly audit: number;
  readonly denied: Readonly<Record<string, number>>;
  readonly socketCalls: readonly number[];
  readonly setSocketOption: number;
}

/**
 * Calls that reach past what the namespaces and limits hold: memory that no process's size shows (memfd, System V), and kernel interfaces that programs can do
 * without and that most privilege escalations of recent years went through.
 */
const numbers: Readonly<Record<FilteredArchitecture, CallNumbers>> = {
  x64: {
    audit: 0xc000_003e,
    denied: {
      ...{ memfd_create: 319, memfd_secret: 447, shmget: 29, shmat: 30, semget: 64, msgget: 68 },
      ...{ ptrace: 101, process_vm_readv: 310, process_vm_writev: 311, pidfd_getfd: 438, perf_event_open: 298, userfaultfd: 323, bpf: 321 },
      ...{ add_key: 248, request_key: 249, keyctl: 250, io_uring_setup: 425, io_uring_enter: 426, io_uring_register: 427 },
    },
    socketCalls: [41, 53],
    setSocketOption: 54,
  },
  arm64: {
    audit: 0xc000_00b7,
    denied: {
      ...{ memfd_create: 279, memfd_secret: 447, shmget: 194, shmat: 196, semget: 190, msgget: 186 },
      ...{ ptrace: 117, process_vm_readv: 270, process_vm_writev: 271, pidfd_getfd: 438, perf_event_open: 241, userfaultfd: 282, bpf: 280 },
      ...{ add_key: 217, request_key: 218, keyctl: 219, io_uring_setup: 425, io_uring_enter: 426, io_uring_register: 427 },
    },
    socketCalls: [198, 199],
    setSocketOption: 208,
  },
};

/** Unix, IPv4, IPv6, netlink: what a network namespace holds. Others do not ask it: a vsock reaches the machine's hypervisor. */
const allowedSocketFamilies = [1, 2, 10, 16];

const [loadWord, jumpIfEqual, jumpIfAtLeast, give] = [0x20, 0x15, 0x35, 0x06];
const offset = { call: 0, architecture: 4, firstArgument: 16, secondArgument: 24, thirdArgument: 32 } as const;
const allow = 0x7fff_0000;
const refuse = { notPermitted: 0x0005_0001, noSuchCall: 0x0005_0026, noSuchFamily: 0x0005_0061 } as const;
/** Reports success: programs ask for what they may not get, and the kernel cuts what they ask for anyway. */
const doNothing = 0x0005_0000;
/** How much a socket may have under way, which the kernel holds and no process's size shows. */
const socketBuffers = { level: 1, send: 7, receive: 8 } as const;
/** From here on x64 kernels take the numbers of another table of the same calls. */
const firstX32Call = 0x4000_0000;

/** The sandbox's seccomp filter as bubblewrap reads it, a classic BPF program; undefined for machines whose calls we have not numbered. */
export function systemCallFilter(architecture: string = process.arch): Uint8Array | undefined {
  if (architecture !== "x64" && architecture !== "arm64") return undefined;
  const { audit, denied, socketCalls, setSocketOption } = numbers[architecture];
  return encode([
    [loadWord, 0, 0, offset.architecture],
    [jumpIfEqual, 1, 0, audit],
    [give, 0, 0, refuse.noSuchCall],
    [loadWord, 0, 0, offset.call],
    [jumpIfAtLeast, 0, 1, firstX32Call],
    [give, 0, 0, refuse.noSuchCall],
    ...Object.values(denied).flatMap((call): Instruction[] => [
      [jumpIfEqual, 0, 1, call],
      [give, 0, 0, refuse.notPermitted],
    ]),
    ...socketCalls.map((call, index): Instruction => [jumpIfEqual, socketCalls.length + 7 - index, 0, call]),
    [jumpIfEqual, 0, 6, setSocketOption],
    [loadWord, 0, 0, offset.secondArgument],
    [jumpIfEqual, 0, 4, socketBuffers.level],
    [loadWord, 0, 0, offset.thirdArgument],
    [jumpIfEqual, 1, 0, socketBuffers.send],
    [jumpIfEqual, 0, 1, socketBuffers.receive],
    [give, 0, 0, doNothing],
    [give, 0, 0, allow],
    [loadWord, 0, 0, offset.firstArgument],
    ...allowedSocketFamilies.map((family, index): Instruction => [jumpIfEqual, allowedSocketFamilies.length - index, 0, family]),
    [give, 0, 0, refuse.noSuchFamily],
    [give, 0, 0, allow],
  ]);
}

/** `struct sock_filter`: operation, instructions to skip if true, if false, operand. */
type Instruction = readonly [operation: number, ifTrue: number, ifFalse: number, operand: number];

function encode(program: readonly Instruction[]): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(program.length * 8));
  for (const [index, [operation, ifTrue, ifFalse, operand]] of program.entries()) {
    bytes.setUint16(index * 8, operation, true);
    bytes.setUint8(index * 8 + 2, ifTrue);
    bytes.setUint8(index * 8 + 3, ifFalse);
    bytes.setUint32(index * 8 + 4, operand, true);
  }
  return new Uint8Array(bytes.buffer);
}
