"""Dead letters in a database, with their bytes."""

from collections.abc import Iterable
from typing import NamedTuple

from services.verifier.findings import Code, Findings, Place
from services.verifier.kafka_records import HEAD_BYTES, bytes_max
from services.verifier.records import Json, Record, sha256_hex

DEAD_LETTERS = "dead_letters"
"""The name of the table."""


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
        members = ((each, value, kept[each]) for each, value in expected.items())
        differing = (each for each in members if each[1] != each[2])
        self._findings.differ(Code.MESSAGE_DIFFERS, record.place, what, differing)

    def end(self) -> None:
        """No row is left that the journal says nothing of."""
        for chain, sequence in self._kept:
            place = Place(DEAD_LETTERS, budget=chain, sequence=sequence)
            what = f"{DEAD_LETTERS} {chain}/{sequence}"
            self._findings.add(Code.MESSAGE_UNEXPECTED, place, what=what)


def _remembered(row: KeptDeadLetter) -> Json:
    """Such a row, in place of its bytes whether they are what it says."""
    if row.length_bytes > bytes_max(row.topic):
        is_whole = len(row.value) == HEAD_BYTES
    else:
        is_whole = (len(row.value), sha256_hex(row.value)) == (row.length_bytes, row.sha256)
    return {**row._asdict(), "value": is_whole}
