/** The interpreter's state between two steps: its memory, and the files of the session with those that are open. */
import type { FileStream, FileSystem, Pyodide } from "./emscripten.ts";
import { packFiles, sessionFolders, unpackFiles } from "./memory-files.ts";
import type { References } from "./references.ts";

export interface Checkpoint {
  readonly memory: Uint8Array;
  readonly files: Uint8Array;
  readonly openFiles: readonly OpenFile[];
}

export interface OpenFile {
  readonly fd: number;
  readonly path: string;
  readonly flags: number;
  readonly position: number;
}

const firstFreeFd = 5;
const truncateOrExclusive = 0o1000 | 0o200;

/** Only while no Python frame is on the stack: a snapshot holds memory, not WebAssembly's own stack. */
export function takeCheckpoint(pyodide: Pyodide, references: References): Checkpoint {
  const fs = pyodide._module.FS;
  references.show();
  try {
    // Whatever JavaScript object user code still holds (`pyodide.ffi.to_js([])`) comes back inert.
    const memory = pyodide.makeMemorySnapshot({ serializer: () => null });
    return { memory, files: packFiles(fs, sessionFolders), openFiles: listOpenFiles(fs) };
  } finally {
    references.hide();
  }
}

export function restoreFiles(fs: FileSystem, files: Uint8Array, openFiles: readonly OpenFile[]): void {
  unpackFiles(fs, files);
  for (const { fd, path, flags, position } of openFiles) {
    try {
      const opened = fs.open(path, flags & ~truncateOrExclusive);
      const stream: FileStream = Object.assign(Object.create(Object.getPrototypeOf(opened)), opened);
      fs.closeStream(opened.fd);
      stream.position = position;
      fs.createStream(stream, fd);
    } catch {
      // The file was deleted while open: its descriptor is closed after a restore.
    }
  }
}

function listOpenFiles(fs: FileSystem): OpenFile[] {
  return fs.streams
    .filter((stream): stream is FileStream => stream !== null && stream !== undefined && stream.fd >= firstFreeFd && fs.isFile(stream.node.mode))
    .map(({ fd, path, flags, position }) => ({ fd, path, flags, position }));
}
