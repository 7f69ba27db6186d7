"""Files below the work folder, in chunks, for the host: never outside of it, never through a link, plain files only."""
import os
import stat
from base64 import b64decode, b64encode

from .wire import json_text

_NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_MAX_CHUNK = 1 << 20


class Files:
    def __init__(self):
        self.folder = os.getcwd()

    def answer(self, frame):
        """JSON fields of the answer."""
        try:
            path = self._checked(frame["path"], "data" in frame)
            if "data" in frame:
                self._write(path, frame["at"], b64decode(frame["data"]))
                return ""
            data, is_end = self._read(path, frame["at"])
            return ',"data":"%s","end":%s' % (b64encode(data).decode("ascii"), "true" if is_end else "false")
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            return ',"error":' + json_text(reason[:500])

    def _checked(self, path, make):
        parts = path.split("/")
        if not path or "\0" in path or any(part in ("", ".", "..") for part in parts):
            raise ValueError("the path leads out of the work folder")
        place = self.folder
        for part in parts[:-1]:
            place = place + "/" + part
            if make and not os.path.lexists(place):
                os.mkdir(place)
            if not stat.S_ISDIR(os.lstat(place).st_mode):
                raise ValueError("the path leads through a link or a file")
        place = place + "/" + parts[-1]
        if os.path.lexists(place) and not stat.S_ISREG(os.lstat(place).st_mode):
            raise ValueError("it is no plain file")
        return place

    def _write(self, path, at, data):
        file = os.open(path, os.O_WRONLY | os.O_CREAT | _NO_LINK | (0 if at else os.O_TRUNC), 0o666)
        try:
            os.lseek(file, at, 0)
            while data:
                data = data[os.write(file, data) :]
        finally:
            os.close(file)

    def _read(self, path, at):
        file = os.open(path, os.O_RDONLY | _NO_LINK)
        try:
            status = os.fstat(file)
            if not stat.S_ISREG(status.st_mode):
                raise ValueError("it is no plain file")
            os.lseek(file, at, 0)
            data = os.read(file, _MAX_CHUNK)
            return data, not data or at + len(data) >= status.st_size
        finally:
            os.close(file)
