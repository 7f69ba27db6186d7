/**
 * The interpreter's way to the host, as character devices. Python holds plain file descriptors: a JavaScript object among its globals would make
 * snapshots fail, and would be a handle into this realm.
 *
 * - `/dev/codelet` (fd 3): frames. A write goes out whole; a read blocks, and a signal can't cut it short: the host settles pending calls by frames.
 * - `/dev/codelet-sleep` (fd 4): writing a time (a little-endian double on `time.monotonic()`'s clock) returns then. An interrupt makes it fail with
 *   EINTR: CPython runs the signal handler and, when that returns, repeats the call (PEP 475). The time is absolute for that reason.
 */
import { deno, writeFully } from "./deno.ts";
import { errno, type FileSystem } from "./emscripten.ts";
import type { OutputDevices } from "./output-device.ts";
import { epochMark, type Interrupts } from "./signals.ts";

export function addChannelDevices(fs: FileSystem, interrupts: Interrupts, output: OutputDevices): void {
  const read = readFrames(interrupts);
  const channel = fs.makedev(200, 0);
  fs.registerDevice(channel, {
    open() {},
    read(_stream, buffer, offset, length) {
      const count = read(bytesOf(buffer, offset, length));
      output.refill();
      return count;
    },
    write(_stream, buffer, offset, length) {
      writeFully(deno.stdout, bytesOf(buffer, offset, length));
      return length;
    },
  });
  fs.mkdev("/dev/codelet", channel);

  const sleep = fs.makedev(200, 1);
  fs.registerDevice(sleep, {
    open() {},
    write(_stream, buffer, offset, length) {
      if (length !== 8) throw new fs.ErrnoError(errno.EINVAL);
      const until = new DataView(buffer.buffer, buffer.byteOffset + offset).getFloat64(0, true);
      if (!interrupts.sleep(until * 1000 - performance.now())) throw new fs.ErrnoError(errno.EINTR);
      return length;
    },
  });
  fs.mkdev("/dev/codelet-sleep", sleep);
}

/** Snapshots remember descriptors as numbers: they must be the same in every process. */
export function openChannel(fs: FileSystem): void {
  const opened = [fs.open("/dev/codelet", "r+").fd, fs.open("/dev/codelet-sleep", "w").fd];
  if (opened.join() !== "3,4") throw new Error(`Expected the channel to be fds 3 and 4, got ${opened.join()}`);
}

/** Bytes from stdin without the marks in them; 0 at the end of the stream. */
function readFrames(interrupts: Interrupts): (target: Uint8Array) => number {
  const buffer = new Uint8Array(1 << 18);
  let unread = buffer.subarray(0, 0);
  return (target) => {
    while (unread.length === 0 || unread[0] === epochMark) {
      if (unread.length > 0) {
        interrupts.nextEpoch();
        unread = unread.subarray(1);
        continue;
      }
      const count = deno.stdin.readSync(buffer);
      if (count === null) return 0;
      unread = buffer.subarray(0, count);
    }
    const mark = unread.indexOf(epochMark);
    const available = mark < 0 ? unread : unread.subarray(0, mark);
    const count = Math.min(available.length, target.length);
    target.set(available.subarray(0, count));
    unread = unread.subarray(count);
    return count;
  };
}

const bytesOf = (buffer: Int8Array, offset: number, length: number): Uint8Array => new Uint8Array(buffer.buffer, buffer.byteOffset + offset, length);
