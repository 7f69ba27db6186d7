import { expect, test } from "vitest";
import { advancesOf, callsOf, readingsOf, replayable } from "./testing/advances.ts";
import { openSession } from "./testing/child-channel.ts";

const ordinary: readonly (readonly [string, string])[] = [
  ["timeit", "import timeit\necho([timeit.timeit('1+1', number=10), timeit.default_timer()])"],
  [
    "log lines",
    "import logging, io\ns = io.StringIO()\nlogging.basicConfig(stream=s, format='%(asctime)s %(created)s %(process)d')\nlogging.warning('x')\necho(s.getvalue())",
  ],
  ["a schedule", "import sched, time\ns, out = sched.scheduler(), []\ns.enter(0.2, 1, lambda: out.append(time.time()))\ns.run()\necho(out)"],
  ["exec in a namespace", "names = {}\nexec('import time, datetime\\nt = [time.time(), str(datetime.datetime.now())]', names)\necho(names['t'])"],
  [
    "copies of generators",
    "import random, copy, pickle\nclass R(random.Random):\n    pass\nr = R()\necho([r.random(), copy.deepcopy(r).random(), random.Random(3).random(), pickle.loads(pickle.dumps(r)).random()])",
  ],
  [
    "default factories",
    "import dataclasses, datetime, time, uuid\n@dataclasses.dataclass\nclass A:\n    t: float = dataclasses.field(default_factory=time.time)\n    u: object = dataclasses.field(default_factory=uuid.uuid4)\n    n: object = dataclasses.field(default_factory=datetime.datetime.now)\na = A()\necho([a.t, str(a.u), str(a.n)])",
  ],
  [
    "mocks",
    "from unittest import mock\nimport time\nwith mock.patch('time.time', return_value=5): a = time.time()\nwith mock.patch('time.sleep'): time.sleep(9)\necho([a, time.time()])",
  ],
  [
    "time zones",
    "import datetime, zoneinfo\nz = zoneinfo.ZoneInfo('Asia/Tokyo')\necho([str(datetime.datetime.now(z)), str(datetime.datetime.now().astimezone()), str(datetime.datetime.now(tz=z))])",
  ],
  ["mail", "import email.utils\necho([email.utils.make_msgid(domain='x'), email.utils.formatdate(), email.utils.formatdate(localtime=True)])"],
  [
    "generators that sleep",
    "import asyncio, time\nasync def ticks():\n    for i in range(3):\n        await asyncio.sleep(0.05)\n        yield time.time()\necho([t async for t in ticks()])",
  ],
  [
    "timeouts of tasks",
    "import asyncio\nasync def put(q):\n    for i in range(3):\n        await asyncio.sleep(0.05)\n        await q.put(i)\nq = asyncio.Queue()\nt = asyncio.create_task(put(q))\ntry: await asyncio.wait_for(asyncio.sleep(30), 0.02)\nexcept asyncio.TimeoutError: pass\necho([await asyncio.wait_for(q.get(), 5) for _ in range(3)])",
  ],
  [
    "numpy",
    "import numpy as np\nnp.random.seed()\nrng = np.random.default_rng()\necho([float(np.random.rand()), rng.integers(1000).item(), np.random.RandomState().rand()])",
  ],
  [
    "pandas",
    "import pandas as pd\necho([str(pd.Timestamp.now()), str(pd.Timestamp('now')), pd.DataFrame({'a': range(50)}).sample(2).index.tolist()])",
  ],
];

test.for(ordinary)("reads the same when it is run again: %s", async ([, code], { skip }) => {
  await using session = await openSession(replayable);
  const advances = await advancesOf(session, code);
  const end = advances.at(-1);
  if (end?.type === "done" && /NotFoundError$/.test(end.execution.error?.name ?? "")) skip("this Python lacks a package of it");
  expect(end).toMatchObject({ execution: { error: undefined } });
  await using other = await openSession(replayable);
  const again = await advancesOf(other, code, readingsOf(advances));
  expect(callsOf(again)).toEqual(callsOf(advances));
  expect(readingsOf(again)).toEqual(readingsOf(advances));
});
