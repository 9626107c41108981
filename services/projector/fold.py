"""The fold: journal records in, changes of rows out. Pure; one a partition of the journal."""

from datetime import datetime
from typing import Final

from events.journal import Event, Record, read_record
from events.mentions import mentions_of
from services.projector.changes import Changes, no_changes
from services.projector.column_values import as_json, as_text, day_of_moves, instant_of
from services.projector.event_rows import Alone, learn
from services.projector.money import add_entries, add_moves, add_orders

DEAD: Final = "_dead."
"""How the chains of unreadable records begin: they belong to no budget."""

OUTCOMES: Final = ("received", "accepted", "duplicate", "refused", "parked", "dead_letter")
"""The columns of `outcomes`."""

PARKED: Final = "parked"

NO_EVENT: Final = (None,) * 7
"""What the journal's row says of the event where there is none to be read."""


VERSION: Final = 1
"""The newest shape of a record that is known here."""


class TooNew(Exception):
    """A record has a newer shape: what it says would be lost in silence."""


def later(one: datetime | None, other: datetime | None) -> datetime | None:
    """The later of two instants; of one that there is not, the other."""
    return max((each for each in (one, other) if each is not None), default=None)


class Fold:
    """Adds up the journal of one partition, from where the tables stand.

    `sequences` is the last record of each budget and chain, `alone` the grants that stand without
    convention: all that must be known of earlier batches.
    """

    def __init__(
        self, partition: int, sequences: dict[str, int] | None = None, alone: Alone | None = None
    ) -> None:
        self.partition = partition
        self.changes = no_changes()
        self.records = 0
        self.last: Record | None = None
        """The last record of this batch."""
        self.latest_event_time: datetime | None = None
        """The latest time of an event of this batch that could be read: its last may be earlier."""
        self._sequences = {} if sequences is None else sequences
        self._alone: Alone = {} if alone is None else alone

    def add(self, offset: int, raw: bytes) -> None:
        """The next record of the partition.

        Raises:
            TooNew: a newer ledger wrote it.
            msgspec.MsgspecError: it is no journal record.
            AssertionError: it does not follow the last record of its budget.
        """
        record = read_record(raw)
        if record.version > VERSION:
            raise TooNew(record.version)
        budget, sequence = record.budget, record.sequence
        before = self._sequences.get(budget, 0)
        assert sequence == before + 1, f"record {budget}/{sequence} follows record {before}"
        self._sequences[budget] = sequence
        self._keep(record, offset, raw)
        self._count(record)
        for kind, name in mentions_of(record):
            self.changes.append("mentions", budget, sequence, kind, name)
        if record.dead_letter is not None:
            self._bury(record, record.dead_letter)
        else:
            self._take(record)
        self.records += 1
        self.last = record

    def take_changes(self) -> Changes:
        """What was added up since the last call."""
        changes, self.changes = self.changes, no_changes()
        self.records, self.last, self.latest_event_time = 0, None, None
        return changes

    def _keep(self, record: Record, offset: int, raw: bytes) -> None:
        event, source = record.event, record.source
        names: tuple[object, ...] = NO_EVENT
        if event is not None:
            said, instant = event.data, instant_of(event)
            self.latest_event_time = later(self.latest_event_time, instant)
            names = (
                event.type,
                instant,
                event.correlationid,
                said.grant,
                record.convention,
                said.payment_order,
                day_of_moves(record),
            )
        self.changes.append(
            "journal",
            record.budget,
            record.sequence,
            self.partition,
            offset,
            source.topic,
            source.partition,
            source.offset,
            record.outcome,
            record.event_id,
            record.event_source,
            *names,
            record.resumes,
            record.hash,
            raw,
        )

    def _count(self, record: Record) -> None:
        """A parked event that was decided later counts once, by what it became."""
        outcomes = self.changes.row_to_add_to("outcomes", (self.partition,))
        outcomes[OUTCOMES.index(record.outcome)] += 1
        if record.resumes is None:
            outcomes[0] += 1
            return
        outcomes[OUTCOMES.index(PARKED)] -= 1
        ended = {"ended_sequence": record.sequence, "ended_outcome": record.outcome}
        self.changes.patch("parked", (record.budget, record.resumes), ended)

    def _bury(self, record: Record, said: dict[str, object]) -> None:
        reason = as_text(str(said["reason"]))
        facts = {
            name: as_text(value) if isinstance(value, str) else value
            for name, value in said.items()
        }
        self.changes.append(
            "dead_letters",
            record.budget,
            record.sequence,
            record.source.topic,
            record.source.partition,
            record.source.offset,
            reason.split(":")[0],
            reason,
            as_json(facts),
            record.event_sha256,
        )

    def _take(self, record: Record) -> None:
        changes, event = self.changes, record.event
        assert event is not None, "what is no dead letter holds its event"
        self._stand(record)
        for item, flag in enumerate(record.review_flags or (), start=1):
            named = (record.event_id, event.data.grant, record.convention)
            facts = bytes(flag.facts).decode()
            place = (record.budget, record.sequence, item)
            changes.append("review_flags", *place, *named, flag.code, facts)
        if record.refusal is not None or record.waits_for is not None:
            self._set_aside(record, event)
        if record.outcome != "accepted":
            return
        learn(changes, record, event, self._alone)
        if record.moves:
            add_moves(changes, record)
        if record.commitment_entries:
            add_entries(changes, record)
        if record.payment_orders:
            add_orders(changes, record)

    def _set_aside(self, record: Record, event: Event) -> None:
        """Why an event was refused, or what it waits for."""
        changes = self.changes
        place = (record.budget, record.sequence)
        who = (record.event_id, record.event_source, event.type, instant_of(event))
        if record.refusal is not None:
            facts = bytes(record.refusal.facts).decode()
            changes.append("refusals", *place, *who, record.refusal.code, facts)
        if record.waits_for is not None:
            want = record.waits_for
            changes.append("parked", *place, *who, want.kind, want.id, None, None)

    def _stand(self, record: Record) -> None:
        """Where the budget stands: its id is entity, code and year."""
        row = self.changes.put.get("budgets", {}).get((record.budget,))
        if row is not None:
            row["sequence"], row["head"] = record.sequence, record.hash
            return
        entity, code, year = record.budget.split("-")
        self.changes.put_row(
            "budgets",
            (record.budget,),
            {
                "entity": entity,
                "code": code,
                "fiscal_year": int(year),
                "partition": self.partition,
                "sequence": record.sequence,
                "head": record.hash,
            },
        )
