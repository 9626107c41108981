"""Published balances: each is what the journal adds up to at the record that it names."""

import json
from typing import NamedTuple

from events.topics import BALANCES
from services.verifier.findings import Code, Findings, Place
from services.verifier.kafka_records import TopicRecord
from services.verifier.published.messages import (
    NO_MESSAGE,
    UPDATED,
    caused_by,
    content_of,
    differing,
    is_new,
    message_fault,
    read_message,
)
from services.verifier.records import Json, Record, canonical
from services.verifier.state.books import Books, Key
from services.verifier.state.lines import CODES, Line, line_of, shown

Name = tuple[str, str | None, Line]
"""A budget, and a balance in it."""

_LINE_KEY = 1 + len(CODES)


class _Claim(NamedTuple):
    offset: int
    key: Key
    body: bytes


class Balances:
    """The balances on one partition, to be compared with the books."""

    def __init__(self, partition: int, ids: set[bytes], findings: Findings) -> None:
        self._partition = partition
        self._ids = ids
        self._findings = findings
        self._claims: dict[tuple[str, int], list[_Claim]] = {}
        self._latest: dict[Name, int | None] = {}
        """The sequence of the last message of each balance; None where it was removed."""
        self._moved: dict[Name, int] = {}
        self._removed: dict[Name, Place] = {}

    def add(self, record: TopicRecord) -> None:
        """Take note of the next balance."""
        try:
            name = _name_of(record.key or b"")
            if record.value is None:
                self._latest[name] = None
                self._removed[name] = record.place
                return
            message = read_message(record)
            data = message["data"]
            balance, sequence = data["balance"], data["sequence"]
            named = (balance["budget"], balance.get("convention"))
            claimed = _checked(*named, line_of(balance["line"]))
            body = content_of(message)
        except NO_MESSAGE as error:
            self._findings.add(Code.MESSAGE_MALFORMED, record.place, why=message_fault(error))
            return
        if message["type"] != UPDATED or type(sequence) is not int:
            self._findings.add(Code.MESSAGE_MALFORMED, record.place, why="type, sequence")
            return
        if claimed != name:
            facts = {"found": record.key, "expected": _shown(claimed)}
            self._findings.add(Code.KEY_DIFFERS, record.place, **facts)
        if not is_new(message["id"], self._ids):
            self._findings.add(Code.MESSAGE_TWICE, record.place, what=_shown(name))
        before = self._latest.get(name)
        if before is not None and before >= sequence:
            self._findings.add(Code.MESSAGE_OUT_OF_ORDER, record.place, what=_shown(name))
        self._latest[name] = sequence
        claim = _Claim(record.offset, name[1:], body)
        self._claims.setdefault((name[0], sequence), []).append(claim)

    def follow(self, record: Record, books: Books) -> None:
        """An accepted record was applied: the balances that name it are those in the books."""
        budget, sequence = record.budget, record.sequence
        for key in books.touched:
            self._moved[budget, *key] = sequence
        for claim in self._claims.pop((budget, sequence), ()):
            there = Place(BALANCES, self._partition, claim.offset)
            what = _shown((budget, *claim.key))
            if claim.key not in books.touched or not books.has(claim.key):
                self._findings.add(Code.MESSAGE_UNEXPECTED, there, what=what)
                continue
            data: Json = {"balance": books.figures(claim.key), "sequence": sequence}
            members = differing(caused_by(record, UPDATED, data), claim.body)
            self._findings.differ(Code.BALANCE_DIFFERS, there, what, members)

    def end(self, books: dict[str, Books]) -> None:
        """Of each balance the last one published is that of the last record that moved it."""
        for name, sequence in self._moved.items():
            budget, convention, line = name
            expected = sequence if books[budget].has((convention, line)) else None
            # What was removed may be gone from the topic altogether.
            found = self._latest.get(name)
            if found != expected:
                place = Place(BALANCES, self._partition, budget=budget, sequence=sequence)
                facts = {"what": _shown(name), "expected": expected, "found": found}
                self._findings.add(Code.BALANCE_MISSING, place, **facts)
        for name, place in self._removed.items():
            budget, convention, line = name
            if budget not in books or books[budget].has((convention, line)):
                self._findings.add(Code.MESSAGE_UNEXPECTED, place, what=_shown(name))
        for at, claims in self._claims.items():
            for claim in claims:
                place = Place(BALANCES, self._partition, claim.offset, *at)
                what = _shown((at[0], *claim.key))
                self._findings.add(Code.MESSAGE_UNEXPECTED, place, what=what)


def _name_of(key: bytes) -> Name:
    """The balance that a Kafka key names: `[budget, line codes…]`, or a convention between them."""
    names = json.loads(key)
    if not isinstance(names, list) or len(names) not in {_LINE_KEY, _LINE_KEY + 1}:
        raise ValueError(f"key {key!r}")
    # Kafka compacts by bytes: in another spelling an old balance would stand for ever.
    if canonical(names) != key:
        raise ValueError(f"key {key!r}")
    convention = names[1] if len(names) > _LINE_KEY else None
    line = line_of(dict(zip(CODES, names[-len(CODES) :], strict=True)))
    return _checked(names[0], convention, line)


def _checked(budget: object, convention: object, line: Line) -> Name:
    if not isinstance(budget, str) or not isinstance(convention, str | None):
        raise TypeError(f"{budget} {convention}")
    return budget, convention, line


def _shown(name: Name) -> str:
    budget, convention, line = name
    return " ".join(each for each in (budget, convention, shown(line)) if each is not None)
