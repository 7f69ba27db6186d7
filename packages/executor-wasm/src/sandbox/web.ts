/** What the sandbox's scripts use of the web platform, which Node's types don't declare; taken before it is deleted. */
export type Imports = Record<string, object>;
export type WasmModule = object;

interface Web {
  readonly WebAssembly: {
    compile(bytes: Uint8Array): Promise<WasmModule>;
    instantiate(module: WasmModule, imports: Imports): Promise<object>;
  };
  readonly Worker: new (url: URL, options: { type: "module" }) => { postMessage(message: unknown): void };
}

const web = globalThis as unknown as Web;
export const WebAssembly: Web["WebAssembly"] = web.WebAssembly;
export const Worker: Web["Worker"] = web.Worker;
