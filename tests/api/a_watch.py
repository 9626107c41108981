"""A watch on this machine: it answers what the test says, slowly, wrongly, or not at all."""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from tests.api.answering import Answer, answering


class AWatch:
    """Gives these answers; counts how often it was asked."""

    def __init__(self, answers: Mapping[str, bytes]) -> None:
        self.url = ""
        self.answers = dict(answers)
        self.asked: list[str] = []
        self.status = 200
        self.frozen = threading.Event()
        """Set: whoever asks waits until it is not."""

    def answer(self, path: str) -> Answer:
        """What is answered there."""
        self.asked.append(path)
        while self.frozen.is_set():
            time.sleep(0.01)
        found = self.answers.get(path)
        if found is None:
            return Answer(404, b"")
        elsewhere = "/lag/elsewhere" if self.status in {301, 302} else None
        return Answer(self.status, found, elsewhere)


@contextmanager
def a_watch(answers: Mapping[str, bytes]) -> Iterator[AWatch]:
    """A watch that answers until the end of the block."""
    watch = AWatch(answers)
    with answering(watch.answer) as watch.url:
        try:
            yield watch
        finally:
            watch.frozen.clear()
