"""Errors that end a proof before it begins: its input cannot be read."""

from typing import Self

from events.sentences import Sentence


class UnreachableError(Exception):
    """A cluster does not answer, a file is not there, or what is to be read is missing in it."""

    def __init__(self, fr: str, en: str) -> None:
        super().__init__(en)
        self.text = Sentence(fr, en)

    @classmethod
    def of_file(cls, error: OSError) -> Self:
        """Describe an error of the operating system about a file."""
        where, why = error.filename, error.strerror
        return cls(f"{where}\u00a0: {why}", f"{where}: {why}")
