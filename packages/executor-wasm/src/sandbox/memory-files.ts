/** Python's files: they live in JavaScript's memory (Emscripten's MEMFS), so snapshots of WebAssembly's memory don't hold them. */
import { errno, type FileSystem } from "./emscripten.ts";

interface Entry {
  readonly path: string;
  readonly mode: number;
  /** Bytes in the blob; absent for folders and links. */
  readonly size?: number;
  readonly target?: string;
}

/** Folders whose content belongs to the session. */
export const sessionFolders: readonly string[] = ["/home/codelet", "/tmp"];

/** Everything below some folders as one archive: a length, an index in JSON, the bytes. */
export function packFiles(fs: FileSystem, folders: readonly string[]): Uint8Array {
  const entries: Entry[] = [];
  const contents: Uint8Array[] = [];
  const visit = (path: string): void => {
    const { mode } = fs.lstat(path);
    if (fs.isLink(mode)) entries.push({ path, mode, target: fs.readlink(path) });
    else if (fs.isFile(mode)) {
      const bytes = fs.readFile(path);
      contents.push(bytes);
      entries.push({ path, mode, size: bytes.length });
    } else if (fs.isDir(mode)) {
      entries.push({ path, mode });
      for (const name of fs.readdir(path)) if (name !== "." && name !== "..") visit(`${path}/${name}`);
    } // devices belong to the platform
  };
  for (const folder of folders) visit(folder);
  const index = new TextEncoder().encode(JSON.stringify(entries));
  const archive = new Uint8Array(4 + index.length + contents.reduce((sum, bytes) => sum + bytes.length, 0));
  new DataView(archive.buffer).setUint32(0, index.length, true);
  archive.set(index, 4);
  let offset = 4 + index.length;
  for (const bytes of contents) {
    archive.set(bytes, offset);
    offset += bytes.length;
  }
  return archive;
}

export function unpackFiles(fs: FileSystem, archive: Uint8Array): void {
  const indexLength = new DataView(archive.buffer, archive.byteOffset).getUint32(0, true);
  const entries = JSON.parse(new TextDecoder().decode(archive.subarray(4, 4 + indexLength))) as Entry[];
  let offset = 4 + indexLength;
  for (const { path, mode, size, target } of entries) {
    if (target !== undefined) fs.symlink(target, path);
    else if (size === undefined) fs.mkdirTree(path);
    else {
      fs.writeFile(path, archive.subarray(offset, offset + size));
      offset += size;
    }
    if (target === undefined) fs.chmod(path, mode & 0o777);
  }
}

/** Files count against no memory limit of WebAssembly: this is theirs. */
export function limitFiles(fs: FileSystem, maxBytes: number): void {
  const memory = fs.filesystems.MEMFS;
  const files = memory.ops_table.file.stream;
  const { expandFileStorage: expand } = memory;
  const { write } = files;
  let grown = 0; // never falls when files are deleted; a recount corrects it
  const reserve = (bytes: number): void => {
    if (grown + bytes > maxBytes) {
      grown = countBytes(fs, "/");
      if (grown + bytes > maxBytes) throw new fs.ErrnoError(errno.ENOSPC);
    }
    grown += Math.max(0, bytes);
  };
  memory.expandFileStorage = (node, capacity) => {
    reserve(capacity - node.usedBytes);
    expand(node, capacity);
  };
  // The first write to an empty file expands nothing: it becomes the file.
  files.write = (stream, buffer, offset, length, position, canOwn) => {
    if (stream.node.usedBytes === 0 && position === 0) reserve(length);
    return write(stream, buffer, offset, length, position, canOwn);
  };
}

function countBytes(fs: FileSystem, path: string): number {
  if (path === "/proc" || path === "/dev" || path === "/lib") return 0;
  const { mode, size } = fs.lstat(path);
  if (!fs.isDir(mode)) return size;
  const names = fs.readdir(path).filter((name) => name !== "." && name !== "..");
  return names.reduce((sum, name) => sum + countBytes(fs, path === "/" ? `/${name}` : `${path}/${name}`), 0);
}
