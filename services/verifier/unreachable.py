"""What ends a proof before it has begun: what is to be read cannot be."""

from events.sentences import Sentence


class UnreachableError(Exception):
    """A cluster does not answer, a file is not there, or what is to be read is missing in it."""

    def __init__(self, fr: str, en: str) -> None:
        super().__init__(en)
        self.said = Sentence(fr, en)
