/** The parts of Pyodide's and Emscripten's private interfaces that the sandbox uses. Pinned with Pyodide's exact version. */
export interface FileNode {
  mode: number;
  usedBytes: number;
  /** A file's bytes, or a folder's nodes by name; undefined for other nodes. */
  readonly contents?: Uint8Array | Readonly<Record<string, FileNode>>;
  readonly pipe?: { readonly buckets: readonly { readonly offset: number; readonly roffset: number }[] };
}

export interface FileStream {
  fd: number;
  path: string;
  flags: number;
  position: number;
  node: FileNode;
  readonly stream_ops?: StreamOperations;
}

export interface StreamOperations {
  open?(stream: FileStream): void;
  close?(stream: FileStream): void;
  read?(stream: FileStream, buffer: Int8Array, offset: number, length: number): number;
  write?(stream: FileStream, buffer: Int8Array, offset: number, length: number, position?: number): number;
}

export type WriteFile = (stream: FileStream, buffer: Int8Array, offset: number, length: number, position: number, canOwn?: boolean) => number;

export interface MemoryFileSystem {
  expandFileStorage(node: FileNode, capacity: number): void;
  resizeFileStorage(node: FileNode, size: number): void;
  readonly stream_ops: { write: WriteFile };
  readonly ops_table: { readonly file: { readonly stream: { write: WriteFile } } };
}

export interface FileSystem {
  readonly ErrnoError: new (errno: number) => Error;
  readonly root: FileNode;
  ignorePermissions: boolean;
  readonly streams: (FileStream | null)[];
  readonly filesystems: { MEMFS: MemoryFileSystem };
  makedev(major: number, minor: number): number;
  registerDevice(device: number, operations: StreamOperations): void;
  mkdev(path: string, device: number): void;
  open(path: string, flags: number | string): FileStream;
  createStream(stream: FileStream, fd: number): FileStream;
  closeStream(fd: number): void;
  mkdirTree(path: string): void;
  readdir(path: string): string[];
  lookupPath(path: string): { readonly node: FileNode };
  getPath(node: FileNode): string;
  lstat(path: string): { mode: number; size: number; mtime: Date };
  readlink(path: string): string;
  symlink(target: string, path: string): void;
  isDir(mode: number): boolean;
  isFile(mode: number): boolean;
  isLink(mode: number): boolean;
  isChrdev(mode: number): boolean;
  readFile(path: string): Uint8Array;
  writeFile(path: string, bytes: Uint8Array): void;
  unlink(path: string): void;
  rmdir(path: string): void;
  cwd(): string;
  chdir(path: string): void;
  chmod(path: string, mode: number): void;
  /** In milliseconds: of the last reading, and of the last change. */
  utime(path: string, readAt: number, changedAt: number): void;
}

/** One of the JavaScript objects that Python held when a snapshot was made: what stands for it, or where it is found. */
export type SavedReference = Readonly<Record<string, unknown>> | null | undefined;

/** The interface that Pyodide's own modules share. */
export interface PyodideApi {
  getExpectedKeys(): unknown[];
  restoreSnapshot(snapshot: Uint8Array): { readonly hiwireKeys: readonly SavedReference[] };
}

export interface PyodideModule {
  readonly FS: FileSystem;
  readonly API: PyodideApi;
  /** To so many bytes, when it has fewer. */
  growMemory(bytes: number): void;
  __hiwire_set(index: number, value: unknown): number;
}

export interface Pyodide {
  readonly _module: PyodideModule;
  readonly _api: PyodideApi;
  pyimport(name: string): unknown;
  runPython(code: string): unknown;
  setInterruptBuffer(buffer: Int32Array): void;
  makeMemorySnapshot(options?: { serializer?: (value: unknown) => unknown }): Uint8Array<ArrayBuffer>;
}

/** WASI numbers, as Emscripten uses them. */
export const errno = { EAGAIN: 6, EBADF: 8, EINTR: 27, EINVAL: 28, ENOSPC: 51, EPERM: 63 } as const;
