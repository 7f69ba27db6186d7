/** Python's stdout and stderr (fds 1 and 2), what C code prints included: each write becomes a record at once. */
import { errno, type FileSystem } from "./emscripten.ts";
import { recordKind } from "./record-format.ts";
import { writeRecord } from "./records.ts";

export interface OutputDevices {
  /** A frame of the host has come: allows as much output again. */
  refill(): void;
}

/** Behind the bridge's own cap, which C code can go around: a flood costs neither the pipe nor the host. */
const maxBytesBetweenFrames = 4 << 20;

export function addOutputDevices(fs: FileSystem): OutputDevices {
  let left = maxBytesBetweenFrames;
  for (const [minor, name] of (["stdin", "stdout", "stderr"] as const).entries()) {
    const device = fs.makedev(201, minor);
    fs.registerDevice(device, {
      open() {},
      read: () => 0, // input() raises EOFError
      write(_stream, buffer, offset, length) {
        if (name === "stdin") throw new fs.ErrnoError(errno.EPERM);
        const count = Math.min(length, left);
        left -= count;
        if (count > 0) writeRecord(recordKind[name], new Uint8Array(buffer.buffer, buffer.byteOffset + offset, count));
        return length;
      },
    });
    fs.mkdev(`/dev/codelet-${name}`, device);
  }
  return {
    refill() {
      left = maxBytesBetweenFrames;
    },
  };
}

/** Points fds 0, 1 and 2 here instead of where Pyodide points them. */
export function openOutput(fs: FileSystem): void {
  for (const [fd, name] of ["stdin", "stdout", "stderr"].entries()) {
    fs.closeStream(fd);
    fs.open(`/dev/codelet-${name}`, fd === 0 ? "r" : "w");
  }
}
