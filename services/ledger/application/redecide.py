"""A journal decided again by the present rules: which of its decisions they would not take.

The events of the journal are decided in its order, by a ledger of their own that writes nothing.
What one decision changes, later ones build on, as they would have. Dead letters are only counted:
their bytes are not in the journal. Internal events are decided as they were read.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

import msgspec

from events.codec import reread
from events.journal import read_place
from events.sentences import Sentence
from services.ledger.application.handle import DecidedBatch, Ledger
from services.ledger.application.ports import JournalRow, StoreError
from services.ledger.application.restore import read_row
from services.ledger.domain.journal import RULES_VERSION, JournalRecord, Outcome

FORGET_EVERY: Final = 500
"""After how many records of the present rules those are let go: they are written nowhere."""

MEMBERS: Final = (
    *("outcome", "refusal", "waits_for", "review_flags"),
    *("moves", "commitment_entries", "payment_orders"),
)
"""What is compared of two records, in the order in which a person wants to know it."""

NUMBERED: Final = ("entry_id",)
"""Facts that are the record's own number, and change with what stands before it."""

UNREADABLE: Final = Sentence(
    "son événement est illisible ({reason}) : cette version n'en lit plus la forme",
    "its event is not readable ({reason}): this version reads that shape no more",
)

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
    """Of the record; where the journal has none, of the one behind which it would stand."""
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


class Redecided(NamedTuple):
    """What came of it."""

    records: int
    dead_letters: int
    """Records that cannot be decided again."""
    rules_versions: dict[int, int]
    """How many records the rules of each version decided."""
    differing: int
    """How many records differ."""
    codes: dict[str, int]
    """In which members, how often."""

    def row(self) -> dict[str, Any]:
        """The same as JSON; `rules_version` is that of the present rules."""
        versions = {str(version): n for version, n in sorted(self.rules_versions.items())}
        row = self._asdict() | {"rules_versions": versions}
        return {"rules_version": RULES_VERSION, **row}


class _Decision(NamedTuple):
    """A record with its bytes."""

    record: JournalRecord
    raw: bytes


class Redeciding:
    """Give it a journal's records in its order; each call gives the differences that are known.

    Chains may stand one after the other, or woven into one another.

    Raises:
        StoreError: from any method, when a record or its event cannot be read.
    """

    def __init__(self) -> None:
        self._ledger = Ledger(rehearses=True)
        self._open: dict[str, _Group] = {}
        """Of each budget the last event that arrived, and what it woke then and wakes now."""
        self._records = 0
        self._dead_letters = 0
        self._versions: Counter[int] = Counter()
        self._differing = 0
        self._codes: Counter[str] = Counter()
        self._decided: list[str] = []
        """The budgets of the records that were not let go yet."""

    def read(self, row: JournalRow) -> list[Difference]:
        """The next record; the differences of what came before it in its budget."""
        record = read_row(row)
        self._records += 1
        self._versions[record.rules_version] += 1
        if record.outcome is Outcome.DEAD_LETTER:
            self._dead_letters += 1
            return []
        decision = _Decision(record, row.record)
        group = self._open.get(record.budget)
        if record.resumes is not None and group is not None:
            group.then.append(decision)
            return []
        self._open[record.budget] = self._decide(decision)
        return [] if group is None else self._count(group.differences())

    def end(self) -> tuple[list[Difference], Redecided]:
        """Behind the last record: the differences that are left, and what all came to."""
        left = [each for group in self._open.values() for each in group.differences()]
        found = self._count(left)
        said = Redecided(
            self._records,
            self._dead_letters,
            dict(self._versions),
            self._differing,
            dict(self._codes),
        )
        return found, said

    def _decide(self, decision: _Decision) -> "_Group":
        record = decision.record
        try:
            received = reread(record.event or b"")
        except ValueError as error:
            where = f"journal {record.budget}/{record.sequence}"
            raise StoreError(where, UNREADABLE.render({"reason": error})) from error
        batch = self._ledger.batch
        first = len(batch.records)
        records = self._ledger.take(received, record.source)
        now = [
            _Decision(each, row.record)
            for each, row in zip(records, batch.records[first:], strict=True)
        ]
        self._decided += [each.budget for each in records]
        if len(self._decided) >= FORGET_EVERY:
            self._forget()
        return _Group([decision], now)

    def _forget(self) -> None:
        """Let go of what a ledger keeps for a commit that will not come."""
        self._ledger.batch = DecidedBatch()
        for budget in set(self._decided):
            self._ledger.budgets[budget].touched.clear()
        self._decided.clear()

    def _count(self, found: list[Difference]) -> list[Difference]:
        self._differing += len(found)
        self._codes.update(change.member for each in found for change in each.changes)
        return found


class _Group(NamedTuple):
    """An event that arrived with all that it woke: as recorded, and as it is now."""

    then: list[_Decision]
    now: list[_Decision]

    def differences(self) -> list[Difference]:
        """Where the two differ; each event stands in a group once (rules, 4)."""
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


def _changes(then: _Decision | None, now: _Decision | None) -> Iterator[Change]:
    """Member by member; a record that is not there has none."""
    if then is not None and now is not None and then.record.hash == now.record.hash:
        return
    before, after = _said(then), _said(now)
    for member in MEMBERS:
        if before[member] != after[member]:
            yield Change(member, before[member], after[member])


def _said(decision: _Decision | None) -> dict[str, Any]:
    if decision is None:
        return dict.fromkeys(MEMBERS)
    row = _members(decision.raw)
    said = {member: row[member] for member in MEMBERS}
    if said["commitment_entries"] is not None:
        said["commitment_entries"] = [
            {name: fact for name, fact in entry.items() if name not in NUMBERED}
            for entry in said["commitment_entries"]
        ]
    return said


def row_of(raw: bytes) -> JournalRow:
    """A record as a row of a journal, by what it says of itself.

    Raises:
        msgspec.MsgspecError: it is none.
    """
    place = read_place(raw)
    return JournalRow(place.budget, place.sequence, raw)


def redecide(rows: Iterable[JournalRow]) -> tuple[list[Difference], Redecided]:
    """The differences of a whole journal, in its order.

    Raises:
        StoreError: a record or its event cannot be read.
    """
    deciding, found = Redeciding(), []
    for row in rows:
        found += deciding.read(row)
    left, said = deciding.end()
    return found + left, said
