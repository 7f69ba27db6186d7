"""How a carrier starts the runner."""
from .channel import DeviceChannel, FdChannel, die_with_host, private_copy
from .session import Session


def run(arguments):
    """For a child process: `--frames <fd>`, and `--lifeline <fd>` for a pair whose other end only the host holds."""
    options = dict(zip(arguments[::2], arguments[1::2]))
    frames = int(options.get("--frames", "3"))
    channel = FdChannel(private_copy(frames), drain=(private_copy(1), private_copy(2)))
    _close(frames)
    if "--lifeline" in options:
        lifeline = int(options["--lifeline"])
        die_with_host(private_copy(lifeline))
        _close(lifeline)
    return serve(channel)


def serve(channel):
    from os import _exit

    Session(channel).serve()
    _exit(0)


def open_device_session(read_fd, write_fd, outputs=()):
    """For Pyodide: a session over two device files; its owner calls `serve()` and calls it again after every snapshot."""
    return Session(DeviceChannel(read_fd, write_fd, outputs))


def _close(fd):
    from os import close

    try:
        close(fd)
    except OSError:
        pass
