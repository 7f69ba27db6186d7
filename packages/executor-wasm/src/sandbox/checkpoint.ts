/** The interpreter's state between two steps: its memory, and the files of the session with those that are open. */
import { errno, type FileNode, type FileStream, type FileSystem, type Pyodide } from "./emscripten.ts";
import { packFiles, removeFiles, sessionFolders, unpackFiles, withoutPermissions } from "./memory-files.ts";
import type { References } from "./references.ts";

export interface Checkpoint {
  readonly memory: Uint8Array;
  readonly files: Uint8Array;
  readonly openFiles: readonly OpenFile[];
}

export interface OpenFile {
  readonly fd: number;
  /** Empty for what no other process can open, such as a pipe. */
  readonly path: string;
  readonly flags: number;
  readonly position: number;
}

const firstFreeFd = 5;
const createTruncateOrExclusive = 0o100 | 0o1000 | 0o200;
const readAndWrite = 2;
/** How files that were deleted and are still open are named in the archive, in `/dev`: outside of the session's folders. */
const deletedPrefix = "codelet-deleted-";

/** Only while no Python frame is on the stack: a snapshot holds memory, not WebAssembly's own stack. */
export function takeCheckpoint(pyodide: Pyodide, references: References): Checkpoint {
  const fs = pyodide._module.FS;
  references.show();
  try {
    // Whatever JavaScript object user code still holds (`pyodide.ffi.to_js([])`) comes back inert.
    const memory = pyodide.makeMemorySnapshot({ serializer: () => null });
    const deleted = new Map<FileNode, string>();
    return withoutPermissions(fs, () => {
      const openFiles = listOpenFiles(fs, deleted);
      return { memory, files: packFiles(fs, sessionFolders(fs), deleted), openFiles };
    });
  } finally {
    references.hide();
  }
}

/** Python's files go on with their numbers. One that can't be had again keeps its number, too: another file would be written to, and closed, by both. */
export function restoreFiles(fs: FileSystem, files: Uint8Array, openFiles: readonly OpenFile[]): void {
  withoutPermissions(fs, () => {
    inPlaceOf(fs, sessionFolders(fs), () => unpackFiles(fs, files));
    reopen(fs, openFiles);
  });
}

/** Code may have removed the folders that a new session has, or have put a file or a link there. */
function inPlaceOf(fs: FileSystem, folders: readonly string[], unpack: () => void): void {
  const current = fs.cwd();
  fs.chdir("/"); // the folder that one is in can't be removed
  for (const folder of folders) removeFiles(fs, folder);
  unpack();
  try {
    fs.chdir(current);
  } catch {
    // Code has removed it: Python goes where it was.
  }
}

function reopen(fs: FileSystem, openFiles: readonly OpenFile[]): void {
  for (const { fd, path, flags, position } of openFiles) {
    try {
      const opened = fs.open(path, flags & ~createTruncateOrExclusive);
      const stream: FileStream = Object.assign(Object.create(Object.getPrototypeOf(opened)), opened);
      fs.closeStream(opened.fd);
      stream.position = position;
      fs.createStream(stream, fd);
    } catch {
      fs.createStream(lostFile(fs, fd), fd);
    }
  }
  for (const name of fs.readdir("/dev")) if (name.startsWith(deletedPrefix)) fs.unlink(`/dev/${name}`);
}

function lostFile(fs: FileSystem, fd: number): FileStream {
  const refuse = (): never => {
    throw new fs.ErrnoError(errno.EBADF);
  };
  return { fd, path: "", flags: readAndWrite, position: 0, node: fs.lookupPath("/dev/null").node, stream_ops: { read: refuse, write: refuse } };
}

function listOpenFiles(fs: FileSystem, deleted: Map<FileNode, string>): OpenFile[] {
  return fs.streams
    .filter((stream): stream is FileStream => stream !== null && stream !== undefined && stream.fd >= firstFreeFd)
    .map((stream) => {
      const path = pathOf(fs, stream, deleted);
      return path === "" ? { fd: stream.fd, path, flags: 0, position: 0 } : { fd: stream.fd, path, flags: stream.flags, position: stream.position };
    });
}

/** Where it is now: a file may have been moved since it was opened, or deleted. */
function pathOf(fs: FileSystem, { fd, path, node }: FileStream, deleted: Map<FileNode, string>): string {
  if (path === "" || !(fs.isFile(node.mode) || fs.isDir(node.mode) || fs.isChrdev(node.mode))) return "";
  const place = fs.getPath(node);
  if (leadsTo(fs, place, node)) return place;
  if (!fs.isFile(node.mode)) return "";
  const kept = deleted.get(node) ?? `/dev/${deletedPrefix}${fd}`;
  deleted.set(node, kept);
  return kept;
}

function leadsTo(fs: FileSystem, path: string, node: FileNode): boolean {
  try {
    return fs.lookupPath(path).node === node;
  } catch {
    return false;
  }
}
