import assert from "node:assert/strict";
import type { ContractCase } from "../contract-case.ts";
import { assertValue } from "../ended-typed.ts";
import { madeBy, repeatable, repeatStep, untilEnd, untilWaiting } from "../repeat-step.ts";
import { whenImportable } from "../when-importable.ts";
import { replayedFlows } from "./replayed-flows.ts";

/** What code reads, as an argument of its call; and whether another session without the readings has to differ. */
const sources: readonly { readonly name: string; readonly code: string; readonly differs: boolean }[] = [
  {
    name: "the time of day",
    code: "import time\nfrom time import time as now, time_ns\necho([time.time(), str(time.time_ns()), now(), str(time_ns()), list(time.localtime()), list(time.gmtime()), time.ctime(), time.asctime(), time.strftime('%H:%M:%S')])",
    differs: true,
  },
  {
    name: "clocks that only count",
    code: "import time\nfrom time import perf_counter\necho([time.monotonic(), str(time.monotonic_ns()), time.perf_counter(), perf_counter(), str(time.perf_counter_ns()), time.process_time()])",
    differs: true,
  },
  {
    name: "dates",
    code: "import datetime\nfrom datetime import date, datetime as d, timezone\nclass Mine(d):\n    pass\necho([str(d.now()), str(datetime.datetime.now(timezone.utc)), str(d.today()), str(date.today()), str(Mine.now()), type(Mine.now()).__name__])",
    differs: true,
  },
  { name: "the system's randomness", code: "import os\necho([os.urandom(16).hex(), getattr(os, 'getrandom', os.urandom)(8).hex()])", differs: true },
  { name: "UUIDs", code: "import uuid\nfrom uuid import uuid4\necho([str(uuid.uuid4()), str(uuid4()), str(uuid.uuid1())])", differs: true },
  {
    name: "secrets",
    code: "import secrets\necho([secrets.token_hex(8), secrets.token_urlsafe(8), secrets.randbelow(10**9), secrets.choice(range(10**9))])",
    differs: true,
  },
  {
    name: "random numbers with and without a seed of their own",
    code: "import random\nmine, system = random.Random(), random.SystemRandom()\nbefore = random.random()\nrandom.seed()\necho([before, mine.random(), system.random(), random.random(), random.sample(range(1000), 5)])",
    differs: true,
  },
  { name: "the names of process and machine", code: "import os, platform\necho([os.getpid(), platform.node()])", differs: false },
  {
    name: "names of temporary files",
    code: "import os, tempfile\nfile, path = tempfile.mkstemp()\nos.close(file)\nwith tempfile.NamedTemporaryFile() as named, tempfile.TemporaryDirectory() as folder:\n    echo([path, named.name, folder])",
    differs: true,
  },
  {
    name: "hashes and the order of sets",
    code: "words = {'apple', 'pear', 'plum', 'fig', 'kiwi', 'lime', 'date'}\necho([list(words), list(frozenset(w.upper() for w in words)), hash('codelet') % 10**9])",
    differs: false,
  },
];

export const replayCases: readonly ContractCase[] = [
  ...sources.map(
    ({ name, code, differs }): ContractCase => ({
      name: `a step that is run again reads the same: ${name}`,
      needs: ["replay"],
      async run(context) {
        const { first } = await repeatStep(context, code);
        if (!differs) return;
        const other = await untilWaiting(await context.open(repeatable), code);
        assert.notDeepEqual(madeBy(other), madeBy(first), "a session without the readings");
      },
    }),
  ),
  {
    name: "a step that is run again reads the same: numpy's random numbers",
    needs: ["replay"],
    run: whenImportable("numpy", async (context) => {
      await repeatStep(context, "import numpy as np\necho([float(np.random.default_rng().random()), float(np.random.random())])");
    }),
  },
  {
    name: "a step that is run again has a real clock afterwards, and none that runs backwards",
    needs: ["replay"],
    async run(context) {
      const code =
        "import time, datetime, os\nwall, count = time.time(), time.monotonic()\necho(wall)\nlater = [time.time() - wall, time.monotonic() - count, datetime.datetime.now().timestamp() - wall]\ntime.sleep(0.02)\n[n >= 0 for n in later] + [time.time() - wall > later[0], time.monotonic() - count > later[1], os.urandom(8) != os.urandom(8)]";
      const { value } = await repeatStep(context, code);
      assert.deepEqual(
        value,
        Array.from({ length: 6 }, () => true),
      );
    },
  },
  {
    name: "dates of a session that is replayable are what they are elsewhere",
    needs: ["replay"],
    async run({ open, run }) {
      const code =
        "import datetime, time, pickle, copy\nd = datetime.datetime.now()\nclass Timer:\n    clock = time.perf_counter\nclass Mine(datetime.datetime):\n    pass\n[type(d) is datetime.datetime, isinstance(d, datetime.date), pickle.loads(pickle.dumps(d)) == d, isinstance(Mine.now(), Mine), Timer().clock() > 0, pickle.loads(pickle.dumps(time.time)) is time.time, copy.deepcopy(time.sleep) is time.sleep, isinstance(datetime.date.today(), datetime.datetime), callable(time.time), datetime.datetime.now(tz=datetime.timezone.utc).tzinfo is datetime.timezone.utc]";
      const { execution } = await run(await open(repeatable), code);
      assertValue(execution, [true, true, true, true, true, true, true, false, true, true]);
    },
  },
  {
    name: "what can't be the same, addresses, breaks nothing else",
    needs: ["replay"],
    async run(context) {
      const { value } = await repeatStep(
        context,
        "import time\nclass Thing:\n    pass\nthing = Thing()\nprint(repr(thing), id(thing))\necho(time.time())\necho([repr(thing).startswith('<'), id(thing) > 0])",
        { calls: 2 },
      );
      assert.deepEqual(value, [true, true]);
    },
  },
  {
    name: "more readings than are kept end the recording, not the step",
    needs: ["replay"],
    async run({ open, run }) {
      const session = await open(repeatable);
      const code = "import time, os\nfor n in range(12_000): time.time()\nlen(os.urandom(2_000_000))";
      session.start(code);
      const advance = await session.next();
      assert.ok(advance.type === "done" && advance.readings !== undefined);
      assertValue(advance.execution, 2_000_000);
      assert.ok(JSON.stringify(advance.readings).length < 600_000);
      assertValue((await run(await open(repeatable), code, { replay: [advance.readings] })).execution, 2_000_000);
      assertValue((await run(session, "time.time() > 0")).execution, true);
    },
  },
  {
    name: "only a session that is replayable tells readings and takes them",
    needs: ["replay"],
    async run({ open }) {
      const session = await open({ seed: "contract" });
      session.start("import time\ntime.time()");
      assert.equal((await session.next()).readings, undefined);
      assert.throws(
        () => session.start("1", { replay: [] }),
        (error: { code?: string }) => error.code === "configuration",
      );
      const other = await open(repeatable);
      assert.throws(
        () => other.start("1", { replay: [{ time: [{}] }] }),
        (error: { code?: string }) => error.code === "configuration",
      );
      const step = await untilWaiting(other, "echo(1)");
      assertValue((await untilEnd(step)).execution, 1);
    },
  },
  ...replayedFlows,
];
