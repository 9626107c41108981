"""Faults of a file of events: which line is not an event of the contract, and why."""

from dataclasses import asdict
from typing import Any, NamedTuple

from events.texts import Translatable
from events.unreadable import Unreadable, explain
from services.cli.screen import Screen
from services.cli.texts import FAULT, LINE_TERM
from services.texts.translation import both


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
            "message": asdict(both(sentence)),
        }

    def say(self, screen: Screen, *, with_file: bool = False) -> None:
        """The fault for people; among several files with its file."""
        place = LINE_TERM.render({"line": self.line})
        if with_file:
            place = Translatable("{file}, {place}", {"file": self.file, "place": place})
        reason = self.unreadable.reason
        sentence = explain(self.unreadable)
        fault = FAULT.render({"place": place, "reason": reason})
        screen.say(Translatable("{fault}\n  {why}", {"fault": fault, "why": sentence}))
