"""The supervisor's line stream over HTTP, for machines that offer a port and no stdin: `GET /out` streams lines, `POST /in` takes some."""
import os
import socket
import threading


def open_port(address, port, token):
    """Descriptors to read the host's lines from and to write lines to. Without a reader lines are dropped: what is numbered is sent again after its hello."""
    from hmac import compare_digest
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    source, to_source = os.pipe()
    from_out, out = os.pipe()
    input_lock = threading.Lock()
    output_lock = threading.Lock()  # a reader that has its status gets all that is written from then on
    readers = []  # the newest one counts; the one before may be another host's, which has to see that it is followed
    max_body = 4 << 20

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 60

        def log_message(self, *_):
            pass

        def refused(self):
            if compare_digest(self.headers.get("x-codelet-token", "").encode(), token.encode()):
                return False
            self.answer(401)
            return True

        def answer(self, status):
            self.close_connection = status >= 400
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        def do_POST(self):
            if self.refused():
                return
            size = int(self.headers.get("content-length") or -1)
            if not 0 <= size <= max_body:
                return self.answer(413)
            data = self.rfile.read(size)
            if len(data) == size:
                with input_lock:
                    view = memoryview(data)
                    while view:
                        view = view[os.write(to_source, view) :]
            self.answer(204)

        def do_GET(self):
            if self.refused():
                return
            self.ended = threading.Event()
            self.close_connection = True
            for older in readers[:-1]:
                older.end()
            for older in readers[-1:]:
                older.connection.settimeout(1)  # nobody waits long for a stream that is dead and does not say so
            with output_lock:
                self.send_response(200)
                self.send_header("content-type", "application/octet-stream")
                self.send_header("cache-control", "no-store")
                self.send_header("transfer-encoding", "chunked")
                self.end_headers()
                self.chunk(b"\n")
                for older in readers[:-1]:
                    older.end()  # one that came at the same time
                readers[:] = readers[-1:] + [self]
            self.ended.wait()

        def end(self):
            """Also wakes who waits for the other side to read."""
            self.ended.set()
            try:
                self.connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

        def chunk(self, data):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
            self.wfile.flush()

    def pump():
        while True:
            data = os.read(from_out, 65536)
            with output_lock:
                for reader in list(readers):
                    try:
                        reader.chunk(data)
                    except OSError:
                        reader.ended.set()
                        readers.remove(reader)

    class Server(ThreadingHTTPServer):
        def handle_error(self, request, client_address):
            pass  # a connection that broke is the host's to make again

    server = Server((address, port), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    threading.Thread(target=pump, daemon=True).start()
    return source, out
