import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import type { ContractCase } from "../contract-case.ts";
import { assertValue } from "../ended-typed.ts";

const secret = "codelet-contract-secret-4b1d";

/** What the manifest claims about the border, tried in the plainest way; the escape corpus tries the others. */
export const isolationCases: readonly ContractCase[] = [
  {
    name: "the environment of the host isn't inherited",
    async run({ open, run }) {
      process.env.CODELET_CONTRACT_SECRET = secret;
      try {
        const { execution } = await run(await open(), "import os\n[dict(os.environ), os.environ.get('CODELET_CONTRACT_SECRET')]");
        assert.equal(execution.error, undefined);
        assert.ok(!JSON.stringify(execution.value).includes(secret));
      } finally {
        delete process.env.CODELET_CONTRACT_SECRET;
      }
    },
  },
  {
    name: "no connection to the host's loopback interface is possible",
    needs: ["noNetwork"],
    async run({ open, run }) {
      let connections = 0;
      const server = createServer(() => connections++).listen(0, "127.0.0.1");
      await once(server, "listening");
      try {
        const { port } = server.address() as { port: number };
        const code = `import socket\ntry:\n    s = socket.create_connection(('127.0.0.1', ${port}), timeout=2)\n    s.send(b'x')\n    out = 'connected'\nexcept Exception as e:\n    out = 'refused'\nout`;
        const { execution } = await run(await open(), code);
        assert.equal(connections, 0);
        if (execution.error === undefined) assertValue(execution, "refused");
      } finally {
        server.close();
      }
    },
  },
  {
    name: "a file of the host can't be read, and none can be written there",
    needs: ["ownFiles"],
    async run({ open, run }) {
      const folder = mkdtempSync(path.join(tmpdir(), "codelet-contract-"));
      const file = path.join(folder, "secret.txt");
      writeFileSync(file, secret);
      try {
        const code = `def attempt(do):\n    try:\n        return str(do())\n    except Exception as e:\n        return type(e).__name__\n[attempt(lambda: open(${JSON.stringify(file)}).read()), attempt(lambda: open(${JSON.stringify(path.join(folder, "made.txt"))}, 'w').write('x'))]`;
        const { execution } = await run(await open(), code);
        assert.ok(!JSON.stringify(execution).includes(secret));
        assert.equal(execution.error, undefined);
        assert.ok(!existsSync(path.join(folder, "made.txt")), "a file was made on the host");
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  },
  {
    name: "a process of the host can't be seen or ended",
    needs: ["ownProcesses"],
    async run({ open, run }) {
      const marker = `codelet-contract-${randomUUID()}`;
      const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1_000)", marker], { stdio: "ignore" });
      await once(child, "spawn");
      try {
        // By its command line alone: in another machine the number may be that of another process.
        const code = `import os, signal\nseen = []\nfor name in (os.listdir('/proc') if os.path.isdir('/proc') else []):\n    try:\n        with open(f'/proc/{name}/cmdline', 'rb') as f:\n            if name.isdigit() and ${JSON.stringify(marker)}.encode() in f.read():\n                seen.append(name)\n                os.kill(int(name), signal.SIGTERM)\n    except Exception:\n        pass\nseen`;
        const { execution } = await run(await open(), code);
        assertValue(execution, []);
        assert.equal(child.exitCode ?? child.signalCode, null);
      } finally {
        child.kill("SIGKILL");
      }
    },
  },
  {
    name: "no process can be started",
    needs: ["noProcesses"],
    async run({ open, run }) {
      const code =
        "import os\ndef spawn():\n    import subprocess, sys\n    subprocess.run([sys.executable or 'python3', '-c', ''], check=True)\ndef fork():\n    pid = os.fork()\n    if pid == 0:\n        os._exit(0)\n    os.waitpid(pid, 0)\ndef attempt(do):\n    try:\n        do()\n        return 'started'\n    except Exception:\n        return 'refused'\n[attempt(spawn), attempt(fork)]";
      const { execution } = await run(await open(), code);
      assertValue(execution, ["refused", "refused"]);
    },
  },
];
