"""Lines to the host: numbered, kept until it has acknowledged them, and written again after a hello."""
import collections
import os
import select

MAGIC = b"@codelet "
LINE_BYTES = 48000


class HostLines:
    def __init__(self, out, patience_s):
        self.out = out
        self.patience_s = patience_s
        os.set_blocking(out, False)
        self.reset()

    def reset(self):
        """For another host: numbering starts over."""
        self.sent = 0
        self.kept = collections.deque()
        self.kept_bytes = 0

    def write(self, data):
        """Raises TimeoutError when nobody reads: a host may be gone and its connection not."""
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(self.out, view) :]
            except BlockingIOError:
                if not select.select([], [self.out], [], self.patience_s)[1]:
                    raise TimeoutError("nobody reads")

    def control(self, kind, payload=""):
        self.write(MAGIC + ("- %s %s\n" % (kind, payload)).encode())

    def send(self, kind, payload=b""):
        """A frame goes in parts, each of them a line."""
        while kind == "f" and len(payload) > LINE_BYTES:
            self.keep("p", payload[:LINE_BYTES])
            payload = payload[LINE_BYTES:]
        self.keep(kind, payload)

    def keep(self, kind, payload):
        self.sent += 1
        line = MAGIC + b"%d %s %s\n" % (self.sent, kind.encode(), payload)
        self.kept.append((self.sent, line))
        self.kept_bytes += len(line)
        self.write(line)

    def forget(self, number):
        while self.kept and self.kept[0][0] <= number:
            self.kept_bytes -= len(self.kept.popleft()[1])

    def repeat(self):
        for _, line in self.kept:
            self.write(line)
