import { describe, expect, it } from "vitest";
import { evaluateOnce } from "./testing/evaluate.ts";
import { attempts } from "./testing/python-probes.ts";
import { sandboxMissing } from "./testing/sandbox-support.ts";

const isX64 = process.arch === "x64";
if (!isX64) console.info("SKIPPED: each refused system call: the numbers in the test are those of x64");

describe.skipIf(sandboxMissing !== undefined)("system calls in the sandbox", () => {
  it("are refused for sockets that no network namespace holds, and memory that no process's size shows", async () => {
    const code = `${attempts}
[
    attempt(lambda: socket.socket(40, socket.SOCK_STREAM)),
    attempt(lambda: socket.socket(38, socket.SOCK_SEQPACKET)),
    attempt(lambda: socket.socketpair()),
    attempt(lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM)),
    attempt(lambda: os.memfd_create("hidden")),
    attempt(lambda: call("shmget", 0, 4096, 0o600)),
    attempt(lambda: call("semget", 0, 32000, 0o600)),
    attempt(lambda: call("syscall", 425, 8, None)),
    attempt(lambda: call("ptrace", 0, 0, None, None)),
]`;
    const [noFamily, denied] = ["Address family not supported by protocol", "Operation not permitted"];
    expect(await evaluateOnce(code)).toEqual([noFamily, noFamily, "done", "done", denied, denied, denied, denied, denied]);
  });

  it.skipIf(!isX64)("are refused where they lead past the namespaces and limits, each of them", async () => {
    const calls = {
      ...{ shmget: 29, shmat: 30, semget: 64, msgget: 68, ptrace: 101, add_key: 248, request_key: 249, keyctl: 250, perf_event_open: 298 },
      ...{ process_vm_readv: 310, process_vm_writev: 311, memfd_create: 319, bpf: 321, userfaultfd: 323 },
      ...{ io_uring_setup: 425, io_uring_enter: 426, io_uring_register: 427, pidfd_getfd: 438, memfd_secret: 447 },
    };
    const code = `
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
def failure(number):
    ctypes.set_errno(0)
    first = 1 if number == 323 else 0  # a userfaultfd that needs no right elsewhere
    return ctypes.get_errno() if libc.syscall(number, first, 0, 0, 0, 0, 0) < 0 else 0
[name for name, number in ${JSON.stringify(calls)}.items() if failure(number) != 1]`;
    expect(await evaluateOnce(code)).toEqual([]);
  });

  it.skipIf(!isX64)("are refused by the numbers of a 32-bit program", async () => {
    // mov eax, 20 (getpid); int 0x80; ret. A kernel without such programs ends it.
    const code = `
import ctypes, mmap, os
page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
page.write(bytes.fromhex("b814000000cd80c3"))
call = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))
child = os.fork()
if child == 0:
    os._exit(0 if call() == -38 else 1)
os.WEXITSTATUS(os.waitpid(child, 0)[1])`;
    expect(await evaluateOnce(code)).toBe(0);
  });
});
