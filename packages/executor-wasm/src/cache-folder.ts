import { homedir } from "node:os";
import { join } from "node:path";

export const defaultCacheDir = (): string => join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "codelet");
