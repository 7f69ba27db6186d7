import { tmpdir } from "node:os";
import { join } from "node:path";

/** One for all test files and runs of this machine, since an image costs seconds; images of other versions have other names. */
export const testCacheDir: string = join(tmpdir(), "codelet-wasm-test-cache");
