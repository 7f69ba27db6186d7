import { deno } from "./deno.ts";
import { emptyRealm } from "./realm.ts";

/** What no code may have: the process's permissions, and the globals that could do something with them. There is no way back. */
export function giveUpAuthority(): void {
  for (const name of ["read", "write", "net", "env", "sys", "run", "ffi", "import"]) {
    const { state } = deno.permissions.revokeSync({ name });
    if (state === "granted") throw new Error(`Could not give up the permission ${name}`);
  }
  emptyRealm();
}
