import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Where system commands are when the caller's `PATH` is empty or misses the administrators' folders. */
const systemFolders = ["/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin"];

/** The absolute path of a command on this process's `PATH`, then in the system's folders; undefined when there is none. */
export function findCommand(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? "").split(delimiter).filter((folder) => folder.startsWith("/")), ...systemFolders];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
