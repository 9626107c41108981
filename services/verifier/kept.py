"""What a database keeps beside its journal: the bytes of dead letters."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from services.verifier.findings import Code, Findings, Place
from services.verifier.records import Record, sha256_hex
from services.verifier.wire import EVENT_BYTES_MAX, HEAD_BYTES

DEAD_LETTERS = "dead_letters"
"""What the table is called."""


class KeptDeadLetter(NamedTuple):
    """A row of the table of dead letters."""

    chain: str
    sequence: int
    reason: str
    topic: str
    partition: int
    offset: int
    length_bytes: int
    sha256: str
    value: bytes


class _Remembered(NamedTuple):
    """All of such a row but its bytes, and whether those are what it says."""

    facts: dict[str, Any]
    is_whole: bool


class KeptDeadLetters:
    """Each dead letter of the journal stands in the table, and says the same."""

    def __init__(self, rows: Iterable[KeptDeadLetter], findings: Findings) -> None:
        self._findings = findings
        self._kept = {(row.chain, row.sequence): _remembered(row) for row in rows}

    def follow(self, record: Record) -> None:
        """The journal's next dead letter."""
        what = f"{DEAD_LETTERS} {record.budget}/{record.sequence}"
        kept = self._kept.pop((record.budget, record.sequence), None)
        if kept is None:
            self._findings.add(Code.MESSAGE_MISSING, record.place, what=what)
            return
        topic, partition, offset = record.source
        dead = record.row["dead_letter"]
        expected = {
            "reason": dead["reason"],
            "topic": topic,
            "partition": partition,
            "offset": offset,
            "length_bytes": dead["length"],
            "sha256": record.row["event_sha256"],
            "value": True,
        }
        found = {**kept.facts, "value": kept.is_whole}
        for member, value in expected.items():
            if found[member] != value:
                facts = {"member": member, "expected": value, "found": found[member]}
                self._findings.add(Code.MESSAGE_DIFFERS, record.place, what=what, **facts)

    def end(self) -> None:
        """No row is left that the journal says nothing of."""
        for chain, sequence in self._kept:
            place = Place(DEAD_LETTERS, budget=chain, sequence=sequence)
            what = f"{DEAD_LETTERS} {chain}/{sequence}"
            self._findings.add(Code.MESSAGE_UNEXPECTED, place, what=what)


def _remembered(row: KeptDeadLetter) -> _Remembered:
    if row.length_bytes > EVENT_BYTES_MAX:
        is_whole = len(row.value) == HEAD_BYTES
    else:
        is_whole = (len(row.value), sha256_hex(row.value)) == (row.length_bytes, row.sha256)
    facts = row._asdict()
    for member in ("chain", "sequence", "value"):
        del facts[member]
    return _Remembered(facts, is_whole)
