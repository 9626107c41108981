"""A server on this machine that answers as the test says."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple


class Answer(NamedTuple):
    """What whoever asks is given."""

    status: int
    body: bytes
    location: str | None = None
    """Where else it is to be asked for."""


class Posted(NamedTuple):
    """What was posted, and with which headers, their names in small letters."""

    headers: Mapping[str, str]
    body: bytes


@contextmanager
def answering(
    answer: Callable[[str], Answer], to_post: Callable[[Posted], Answer] | None = None
) -> Iterator[str]:
    """Each path is answered so until the end of the block; gives the server's address."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the server asks for this name
            self._give(answer(self.path))

        def do_POST(self) -> None:
            assert to_post is not None, "nothing is posted here"
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers["content-length"]))
            self._give(to_post(Posted(headers, body)))

        def _give(self, given: Answer) -> None:
            try:
                self.send_response(given.status)
                self.send_header("Content-Length", str(len(given.body)))
                if given.location is not None:
                    self.send_header("Location", given.location)
                self.end_headers()
                self.wfile.write(given.body)
            except OSError:
                pass  # Whoever asked waits no more.

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 # its own name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
