"""Letters between years: each that a closing must have led to is there once, and no other."""

from collections.abc import Iterable
from typing import Final

from services.verifier.claims import ABOUT, differing, instant
from services.verifier.findings import Code, Findings, Place
from services.verifier.records import Json, Record, canonical_without_nulls

TYPE: Final = "ecluse.fiscal-year.opened.v1"


class Letters:
    """The letters of all partitions: a budget and its next year may live on different ones."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._expected: dict[str, tuple[Place, bytes]] = {}
        self._found: dict[str, tuple[Place, bytes]] = {}
        self._set_aside: set[str] = set()
        """Those of them that may be sent once more: nothing has been decided of them."""

    def expect(self, place: Place, letters: Iterable[Json]) -> None:
        """What the closing at `place` must have led to."""
        for each in letters:
            self._expected[each["id"]] = (place, _said_by(each))

    def follow(self, record: Record) -> None:
        """Take note of a journal record, where it is that of a letter that was read."""
        if record.event["type"] != TYPE or record.row["resumes"] is not None:
            return
        name = record.event["id"]
        if name in self._found and name not in self._set_aside:
            self._findings.add(Code.MESSAGE_TWICE, record.place, what=f"{TYPE} {name}")
        self._set_aside.discard(name)
        self._found[name] = (record.place, _said_by(record.event))

    def set_aside(self, place: Place, event: Json) -> None:
        """Take note of a letter that the journal buried at `place`, unread: it was written."""
        name = event["id"]
        if event["type"] == TYPE and name not in self._found:
            self._found[name] = (place, _said_by(event))
            self._set_aside.add(name)

    def end(self) -> None:
        """Behind the last record of the last partition: the two must be the same."""
        for name, (place, expected) in self._expected.items():
            what = f"{TYPE} {name}"
            if name not in self._found:
                self._findings.add(Code.MESSAGE_MISSING, place, what=what)
                continue
            there, found = self._found[name]
            if found != expected:
                for member, ours, theirs in differing(expected, found):
                    facts = {"what": what, "member": member, "expected": ours, "found": theirs}
                    self._findings.add(Code.MESSAGE_DIFFERS, there, **facts)
        for name, (place, _) in self._found.items():
            if name not in self._expected:
                self._findings.add(Code.MESSAGE_UNEXPECTED, place, what=f"{TYPE} {name}")
        self._expected.clear()
        self._found.clear()
        self._set_aside.clear()


def _said_by(event: Json) -> bytes:
    """All of a letter in one spelling."""
    said: Json = {name: event[name] for name in ABOUT if name in event}
    said |= {"time": instant(event["time"]), "data": event["data"]}
    return canonical_without_nulls(said)
