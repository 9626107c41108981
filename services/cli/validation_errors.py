"""Faults of a file of events: which line is not an event of the contract, and why."""

from typing import Any, NamedTuple

from events.texts import Translatable
from events.unreadable import Unreadable, explain
from services.cli.screen import Screen
from services.cli.texts import FAULT, LINE_WORD


class Fault(NamedTuple):
    """A line that no ledger would read as an event."""

    file: str
    line: int
    unreadable: Unreadable

    def row(self) -> dict[str, Any]:
        """The fault for programs."""
        sentence = explain(self.unreadable)
        return {
            "position": self.line,
            "reason": self.unreadable.reason,
            "message": {"fr": sentence.fr, "en": sentence.en},
        }

    def say(self, screen: Screen, *, with_file: bool = False) -> None:
        """The fault for people; among several files with its file."""
        place = LINE_WORD.render({"line": self.line})
        if with_file:
            place = Translatable(f"{self.file}, {place.fr}", f"{self.file}, {place.en}")
        reason = self.unreadable.reason
        sentence = explain(self.unreadable)
        screen.say(
            Translatable(
                FAULT.fr.format(place=place.fr, reason=reason) + f"\n  {sentence.fr}",
                FAULT.en.format(place=place.en, reason=reason) + f"\n  {sentence.en}",
            )
        )
