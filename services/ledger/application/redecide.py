"""A journal decided again by the present rules, with the decisions that differ.

A ledger that writes nothing decides the journal's events in order; later decisions build on the
changes of earlier ones. Dead letters are only counted: their bytes are not in the journal. Internal
events are decided as they were read.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import msgspec

from events.codec import reread
from events.journal import read_head
from events.texts import _
from services.ledger.application.handle import DecidedBatch, Ledger
from services.ledger.application.ports import JournalRow, StoreError
from services.ledger.application.restore import ReadRecord, read_row
from services.ledger.domain.journal import RULES_VERSION, JournalRecord, Outcome

DISCARD_EVERY: Final = 500
"""The number of new records after which these are discarded: they are written nowhere."""

MEMBERS: Final = (
    *("outcome", "refusal", "waits_for", "review_flags"),
    *("moves", "commitment_entries", "payment_orders"),
)
"""The members compared of two records, the most important first."""

NUMBERED: Final = ("entry_id",)
"""Facts made of the record's own number, which changes with the records before it."""

UNREADABLE: Final = _("its event is not readable ({reason}): this version reads that shape no more")

_members: Final = msgspec.json.Decoder(dict[str, Any]).decode


class Change(NamedTuple):
    """One member of a decision, as it was recorded and as it would be now."""

    member: str
    recorded: Any
    now: Any


class Difference(NamedTuple):
    """A decision that the present rules would not take, with the record that keeps it."""

    budget: str
    sequence: int
    """Of the record; where the journal has none, of the one that it would follow."""
    event_id: str | None
    rules_version: int
    """Of the rules that decided then."""
    changes: tuple[Change, ...]

    def row(self) -> dict[str, Any]:
        """The difference as JSON."""
        return {
            "budget": self.budget,
            "sequence": self.sequence,
            "event_id": self.event_id,
            "rules_version": self.rules_version,
            "changes": [each._asdict() for each in self.changes],
        }


@dataclass(slots=True)
class RedecisionResult:
    """The result of a redecision."""

    records: int = 0
    dead_letters: int = 0
    """Records that cannot be decided again."""
    rules_versions: Counter[int] = field(default_factory=Counter)
    """The number of records decided by each version of the rules."""
    differences: list[Difference] = field(default_factory=list)

    def row(self) -> dict[str, Any]:
        """The same as JSON; `rules_version` is that of the present rules."""
        members = (change.member for each in self.differences for change in each.changes)
        return {
            "rules_version": RULES_VERSION,
            "records": self.records,
            "dead_letters": self.dead_letters,
            "rules_versions": {str(key): n for key, n in sorted(self.rules_versions.items())},
            "differing": len(self.differences),
            "codes": dict(Counter(members)),
            "differences": [each.row() for each in self.differences],
        }


class Redecision:
    """A redecision in progress; chains may follow one another or be interleaved."""

    def __init__(self) -> None:
        self._ledger = Ledger(dry_run=True)
        self._open: dict[str, _Group] = {}
        """The last event of each budget, with the events that it resumed then and resumes now."""
        self._result = RedecisionResult()
        self._decided: list[str] = []
        """The budgets of the records that were not discarded yet."""

    def read(self, raw: bytes) -> None:
        """Read the next record, and compare the event before it in its budget."""
        head = read_head(raw)
        record = read_row(JournalRow(head.budget, head.sequence, raw))
        self._result.records += 1
        self._result.rules_versions[record.rules_version] += 1
        if record.outcome is Outcome.DEAD_LETTER:
            self._result.dead_letters += 1
            return
        decision = ReadRecord(record, raw)
        group = self._open.get(record.budget)
        if record.resumes is not None and group is not None:
            group.then.append(decision)
            return
        self._open[record.budget] = self._decide(decision)
        if group is not None:
            self._result.differences += group.differences()

    def end(self) -> RedecisionResult:
        """End after the last record; return the result."""
        for group in self._open.values():
            self._result.differences += group.differences()
        return self._result

    def _decide(self, decision: ReadRecord) -> "_Group":
        record = decision.record
        try:
            received = reread(record.event or b"")
        except ValueError as error:
            where = f"journal {record.budget}/{record.sequence}"
            raise StoreError(where, UNREADABLE.render({"reason": error})) from error
        batch = self._ledger.batch
        first = len(batch.records)
        records = self._ledger.take(received, record.source)
        rows = batch.records[first:]
        now = [ReadRecord(each, row.record) for each, row in zip(records, rows, strict=True)]
        self._decided += [each.budget for each in records]
        if len(self._decided) >= DISCARD_EVERY:
            self._discard()
        return _Group([decision], now)

    def _discard(self) -> None:
        """Discard the batch: there will be no commit."""
        self._ledger.batch = DecidedBatch()
        for budget in set(self._decided):
            self._ledger.budgets[budget].discard_changes()
        self._decided.clear()


class _Group(NamedTuple):
    """An event with all that it resumed: as recorded, and as decided now."""

    then: list[ReadRecord]
    now: list[ReadRecord]

    def differences(self) -> list[Difference]:
        """The differences of the two; each event is in a group once (rules, 4)."""
        now = {_identity(each.record): each for each in self.now}
        found = []
        for each in self.then:
            other = now.pop(_identity(each.record), None)
            changes = tuple(_changes(each, other))
            if changes:
                found.append(_difference(each.record, each.record.sequence, changes))
        last = self.then[-1].record
        for each in now.values():
            changes = tuple(_changes(None, each))
            found.append(_difference(each.record, last.sequence, changes, last.rules_version))
        return found


def _identity(record: JournalRecord) -> tuple[str | None, str | None]:
    return record.event_source, record.event_id


def _difference(
    record: JournalRecord, sequence: int, changes: tuple[Change, ...], version: int | None = None
) -> Difference:
    version = record.rules_version if version is None else version
    return Difference(record.budget, sequence, record.event_id, version, changes)


def _changes(then: ReadRecord | None, now: ReadRecord | None) -> Iterator[Change]:
    """The changes by member; a missing record has no members."""
    if then is not None and now is not None and then.record.hash == now.record.hash:
        return
    before, after = _members_of(then), _members_of(now)
    for member in MEMBERS:
        if before[member] != after[member]:
            yield Change(member, before[member], after[member])


def _members_of(decision: ReadRecord | None) -> dict[str, Any]:
    if decision is None:
        return dict.fromkeys(MEMBERS)
    row = _members(decision.raw)
    result = {member: row[member] for member in MEMBERS}
    if result["commitment_entries"] is not None:
        result["commitment_entries"] = [
            {name: fact for name, fact in entry.items() if name not in NUMBERED}
            for entry in result["commitment_entries"]
        ]
    return result
