"""Chains of journal records as they pass: every hash taken again, each record behind the former."""

from hashlib import sha256
from typing import Final, NamedTuple

from events.sentences import Sentence
from services.ledger.application.handle import DEAD_CHAIN
from services.ledger.application.ports import StoreError
from services.ledger.domain.book import FIRST_HASH
from services.ledger.domain.journal import JournalRecord, read_record
from services.runtime.kafka.partitioning import partition_of

DAMAGED = Sentence(
    "cet enregistrement est abîmé ({error}) : reprenez une copie intacte",
    "this record is damaged ({error}): go back to a copy that is whole",
)
NOT_NEXT = Sentence(
    "l'enregistrement {sequence} de {chain} y suit le numéro {before}, dont il n'est pas la "
    "suite : reprenez une copie intacte",
    "record {sequence} of {chain} stands there behind number {before}, which it does not follow: "
    "go back to a copy that is whole",
)
CHANGED = Sentence(
    "l'événement de l'enregistrement {sequence} de {chain} n'est pas celui qui fut inscrit : "
    "reprenez une copie intacte",
    "the event of record {sequence} of {chain} is not the one that was recorded: go back to a copy "
    "that is whole",
)


class End(NamedTuple):
    """How far a chain goes: the number and the hash of its last record."""

    sequence: int = 0
    hash: str = FIRST_HASH


NOWHERE: Final = End()
"""The end of a chain before its first record."""


class Chains:
    """The chains of a journal, followed from their first records on."""

    def __init__(self) -> None:
        self.ends: dict[str, End] = {}
        self.records = 0

    def follow(self, raw: bytes, where: str) -> JournalRecord:
        """The next record of its chain, once it is known to be that.

        Raises:
            StoreError: it is damaged, or does not follow the one before; `where` names its place.
        """
        try:
            record = read_record(raw)
        except (ValueError, KeyError, TypeError) as error:
            raise StoreError(where, DAMAGED.render({"error": _said(error)})) from error
        before = self.ends.get(record.budget, NOWHERE)
        facts = {"chain": record.budget, "sequence": record.sequence, "before": before.sequence}
        if (record.sequence, record.previous_hash) != (before.sequence + 1, before.hash):
            raise StoreError(where, NOT_NEXT.render(facts))
        # Of a dead letter the digest is that of its bytes, which the journal does not hold.
        if record.event is not None and sha256(record.event).hexdigest() != record.event_sha256:
            raise StoreError(where, CHANGED.render(facts))
        self.ends[record.budget] = End(record.sequence, record.hash)
        self.records += 1
        return record


def home_of(chain: str, partitions: int) -> int:
    """On which partition a chain belongs (rules, 37).

    Unreadable records go on where they were read; where there is no such partition any more, they
    stand where their name sends them, and only rest there.
    """
    number = chain.removeprefix(DEAD_CHAIN)
    if number != chain and number.isdecimal() and int(number) < partitions:
        return int(number)
    return partition_of(chain.encode(), partitions)


def _said(error: Exception) -> str:
    """A missing member is a KeyError, whose words are the name alone."""
    return f"{type(error).__name__}: {error}" if isinstance(error, KeyError) else str(error)
