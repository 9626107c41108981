"""A watch on this machine: it answers what the test says, slowly, wrongly, or not at all."""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class AWatch:
    """Gives these answers; counts how often it was asked."""

    def __init__(self, url: str, answers: Mapping[str, bytes]) -> None:
        self.url = url
        self.answers = dict(answers)
        self.asked: list[str] = []
        self.status = 200
        self.frozen = threading.Event()
        """Set: whoever asks waits until it is not."""

    def answer(self, path: str) -> tuple[int, bytes]:
        """What is answered there."""
        self.asked.append(path)
        while self.frozen.is_set():
            time.sleep(0.01)
        found = self.answers.get(path)
        return (404, b"") if found is None else (self.status, found)


@contextmanager
def a_watch(answers: Mapping[str, bytes]) -> Iterator[AWatch]:
    """A watch that answers until the end of the block."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the server asks for this name
            status, body = watch.answer(self.path)
            try:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                if status in {301, 302}:
                    self.send_header("Location", "/lag/elsewhere")
                self.end_headers()
                self.wfile.write(body)
            except OSError:
                pass  # Whoever asked waits no more.

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 # its own name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    watch = AWatch(f"http://127.0.0.1:{server.server_port}", answers)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield watch
    finally:
        watch.frozen.clear()
        server.shutdown()
        thread.join()
        server.server_close()
