"""Errors that end a proof before it begins: its input cannot be read."""

from typing import Final, Self

from events.texts import Translatable, _
from services.texts.language import Language
from services.texts.translation import translate

AT: Final = _("{where}: {what}")


class UnreachableError(Exception):
    """A cluster does not answer, a file is not there, or what is to be read is missing in it."""

    def __init__(self, text: Translatable) -> None:
        super().__init__(translate(text, Language.EN))
        self.text = text

    @classmethod
    def of_file(cls, error: OSError) -> Self:
        """Describe an error of the operating system about a file."""
        return cls(AT.render({"where": error.filename, "what": error.strerror}))
