// Run by Deno with every permission: prints as JSON what is there before and after the sandbox has given up its authority.
import { giveUpAuthority } from "../sandbox/give-up-authority.ts";

// biome-ignore lint/suspicious/noExplicitAny: Node's types know no Deno
const { Deno } = globalThis as any;
const permissions = ["read", "write", "net", "env", "sys", "run", "ffi", "import"];

function look(): object {
  const isReadable = (path: string): boolean => {
    try {
      return Deno.readTextFileSync(path) !== "";
    } catch {
      return false;
    }
  };
  return {
    granted: permissions.filter((name) => Deno.permissions.querySync({ name }).state === "granted"),
    isReadable: isReadable(Deno.args[0]),
    globals: ["Deno", "fetch", "Worker", "WebSocket", "process"].filter((name) => (globalThis as Record<string, unknown>)[name] !== undefined),
  };
}

const before = look();
giveUpAuthority();
Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify([before, look()])));
