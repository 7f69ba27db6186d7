import { describe, it } from "vitest";
import { escapeControl } from "./escapes/positive-control.ts";
import { unsafeExecutor } from "./unsafe-executor.ts";

escapeControl({ it, describe, create: unsafeExecutor });
