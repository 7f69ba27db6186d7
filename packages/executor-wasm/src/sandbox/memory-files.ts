/** Python's files: they live in JavaScript's memory (Emscripten's MEMFS), so snapshots of WebAssembly's memory don't hold them. */
import { errno, type FileNode, type FileSystem, type MemoryFileSystem, type StreamOperations } from "./emscripten.ts";

interface Entry {
  readonly path: string;
  readonly mode: number;
  /** Bytes in the blob; absent for folders and links. */
  readonly size?: number;
  readonly target?: string;
  /** Milliseconds since 1970; absent for links. */
  readonly changedAt?: number;
}

/** What belongs to the session: all that is not the image's or the platform's. Code may write anywhere, such as to `/mnt/data`, and move anything. */
export function sessionFolders(fs: FileSystem): string[] {
  const others = [".", "..", "dev", "proc", imageFolder.slice(1)];
  const found = fs.readdir("/").filter((name) => !others.includes(name));
  const shared = fs.readdir("/dev").filter((name) => name === "shm");
  return [...found.map((name) => `/${name}`), ...shared.map((name) => `/dev/${name}`)];
}

/** Below these, files are the image's own: the standard library and packages. */
const imageFolder = "/lib";

/** Everything below some folders as one archive: a length, an index in JSON, the bytes. `others` are files that no path leads to, with one to give them. */
export function packFiles(fs: FileSystem, folders: readonly string[], others: ReadonlyMap<FileNode, string> = new Map()): Uint8Array {
  const entries: Entry[] = [];
  const contents: Uint8Array[] = [];
  const visit = (path: string): void => {
    const { mode, mtime } = fs.lstat(path);
    const changedAt = mtime.getTime();
    if (fs.isLink(mode)) entries.push({ path, mode, target: fs.readlink(path) });
    else if (fs.isFile(mode)) {
      const bytes = fs.readFile(path);
      contents.push(bytes);
      entries.push({ path, mode, size: bytes.length, changedAt });
    } else if (fs.isDir(mode)) {
      entries.push({ path, mode, changedAt });
      for (const name of fs.readdir(path)) if (name !== "." && name !== "..") visit(`${path}/${name}`);
    } // devices belong to the platform
  };
  for (const folder of folders) visit(folder);
  for (const [node, path] of others) {
    const bytes = ArrayBuffer.isView(node.contents) ? node.contents.subarray(0, node.usedBytes) : new Uint8Array();
    contents.push(bytes);
    entries.push({ path, mode: node.mode, size: bytes.length });
  }
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
  // At last: what is put into a folder changes it.
  for (const { path, changedAt } of entries) if (changedAt !== undefined) fs.utime(path, changedAt, changedAt);
}

export function removeFiles(fs: FileSystem, path: string): void {
  const isFolder = fs.isDir(fs.lstat(path).mode);
  if (isFolder) for (const name of fs.readdir(path)) if (name !== "." && name !== "..") removeFiles(fs, `${path}/${name}`);
  if (isFolder) fs.rmdir(path);
  else fs.unlink(path);
}

/** Code may have closed its files to itself; it can't close them to us. */
export function withoutPermissions<Result>(fs: FileSystem, act: () => Result): Result {
  fs.ignorePermissions = true;
  try {
    return act();
  } finally {
    fs.ignorePermissions = false;
  }
}

/** As in Linux. */
const pipeBytes = 65_536;

/** Files and pipes count against no memory limit of WebAssembly: this is theirs. Code's files count wherever they are, also those that are deleted and still open. */
export function limitFiles(fs: FileSystem, maxBytes: number): void {
  const imageBytes = heldBytes([fs.lookupPath(imageFolder).node]);
  const memory = fs.filesystems.MEMFS;
  const count = (): number => heldBytes([fs.root, ...fs.streams.flatMap((stream) => stream?.node ?? [])]) - imageBytes;
  let grown = count(); // a restored session has files; never falls when some are deleted: a recount corrects it
  const reserve = (bytes: number): void => {
    if (grown + bytes > maxBytes) {
      grown = count();
      if (grown + bytes > maxBytes) throw new fs.ErrnoError(errno.ENOSPC);
    }
    grown += Math.max(0, bytes);
  };
  limitMemoryFiles(memory, reserve);
  limitPipes(fs);
}

function limitMemoryFiles(memory: MemoryFileSystem, reserve: (bytes: number) => void): void {
  const { expandFileStorage: expand, resizeFileStorage: resize } = memory;
  const { write } = memory.stream_ops;
  memory.expandFileStorage = (node, capacity) => {
    reserve(capacity - node.usedBytes);
    expand(node, capacity);
  };
  memory.resizeFileStorage = (node, size) => {
    reserve(size - node.usedBytes);
    resize(node, size);
  };
  // The first write to an empty file expands nothing: it becomes the file. Also `msync` comes here.
  memory.stream_ops.write = (stream, buffer, offset, length, position, canOwn) => {
    if (stream.node.usedBytes === 0 && position === 0) reserve(length);
    return write(stream, buffer, offset, length, position, canOwn);
  };
  memory.ops_table.file.stream.write = memory.stream_ops.write;
}

/** Pipes have no reader at work: what is written beyond their size would wait in JavaScript's memory. */
function limitPipes(fs: FileSystem): void {
  const { createStream } = fs;
  const limited = new WeakSet<StreamOperations>();
  fs.createStream = (stream, fd) => {
    const operations = stream.stream_ops;
    const write = operations?.write;
    if (stream.node?.pipe !== undefined && operations !== undefined && write !== undefined && !limited.has(operations)) {
      limited.add(operations);
      operations.write = (written, buffer, offset, length, position) => {
        const held = written.node.pipe?.buckets.reduce((sum, bucket) => sum + bucket.offset - bucket.roffset, 0) ?? 0;
        if (held >= pipeBytes) throw new fs.ErrnoError(errno.EAGAIN);
        return write(written, buffer, offset, Math.min(length, pipeBytes - held), position);
      };
    }
    return createStream.call(fs, stream, fd);
  };
}

/** Bytes of the files at and below some nodes, each counted once. */
function heldBytes(nodes: readonly FileNode[]): number {
  const seen = new Set<FileNode>();
  const queue = [...nodes];
  let bytes = 0;
  for (let node = queue.pop(); node !== undefined; node = queue.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    const { contents } = node;
    if (ArrayBuffer.isView(contents)) bytes += node.usedBytes;
    else if (contents) queue.push(...Object.values(contents));
  }
  return bytes;
}
