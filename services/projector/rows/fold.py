"""The fold: journal records in, changes of rows out; one per partition of the journal."""

from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Final

from events.follow_up import EventWithdrawn
from events.journal import Event, PaymentOrder, Reason, Record, read_record
from events.mentions import mentions_of
from events.payments import PaymentExecuted, PaymentOrderAcknowledged
from events.texts import fold_text
from services.projector.rows.changes import Changes, Members
from services.projector.rows.column_values import (
    as_json,
    as_text,
    day_of,
    day_of_moves,
    instant_of,
    own_names,
)
from services.projector.rows.event_rows import UnsignedGrants, add_event
from services.projector.rows.settling import UnsettledRows, event_subject, rows_of_flag

DEAD: Final = "_dead."
"""The prefix of chains of dead letters, which belong to no budget."""

OUTCOMES: Final = ("received", "accepted", "duplicate", "refused", "parked", "dead_letter")
"""The columns of `outcomes`."""

PARKED: Final = "parked"

NO_EVENT: Final = (None,) * 7
"""Columns of the event in a row of the journal that has none."""


VERSION: Final = 1
"""The newest version of a record that is known here."""


class TooNew(Exception):
    """A record of a newer version: its content would be lost in silence."""


def later(one: datetime | None, other: datetime | None) -> datetime | None:
    """The later of two instants; of one that there is not, the other."""
    if one is None or other is None:
        return one or other
    return max(one, other)


class Fold:
    """Folds the journal of one partition, from the position of the tables on.

    `sequences` is the last record of each budget and chain, `alone` the grants without convention,
    `unsettled` the rows that later records may settle: all state that it needs of earlier batches.
    """

    def __init__(
        self,
        partition: int,
        sequences: dict[str, int] | None = None,
        alone: UnsignedGrants | None = None,
        unsettled: UnsettledRows | None = None,
    ) -> None:
        self.partition = partition
        self.changes = Changes()
        self.last: Record | None = None
        """The last record of this batch."""
        self.latest_event_time: datetime | None = None
        """The latest time of an event of this batch that could be read: its last may be earlier."""
        self._sequences = {} if sequences is None else sequences
        self._alone: UnsignedGrants = {} if alone is None else alone
        self._unsettled = UnsettledRows() if unsettled is None else unsettled

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
        day = day_of_moves(record)
        self._keep(record, offset, raw, day)
        self._count(record)
        if record.dead_letter is not None:
            self._add_dead_letter(record, record.dead_letter)
        else:
            self._take(record, day)
        self.last = record

    def take_changes(self) -> Changes:
        """The changes since the last call."""
        changes, self.changes = self.changes, Changes()
        self.last, self.latest_event_time = None, None
        return changes

    def _keep(self, record: Record, offset: int, raw: bytes, day: date | None) -> None:
        event, source = record.event, record.source
        names: tuple[object, ...] = NO_EVENT
        if event is not None:
            instant, own = instant_of(event), own_names(record)
            self.latest_event_time = later(self.latest_event_time, instant)
            names = (event.type, instant, event.correlationid, *own, day)
            # Its own names are columns of the record's own row.
            for kind, name in mentions_of(record, known=own):
                self.changes.append("mentions", record.budget, record.sequence, kind, name)
        place = (record.budget, record.sequence, self.partition, offset)
        came = (source.topic, source.partition, source.offset)
        became = (record.outcome, record.event_id, record.event_source)
        rest = (record.resumes, record.hash, raw)
        self.changes.append("journal", *place, *came, *became, *names, *rest)

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

    def _add_dead_letter(self, record: Record, facts_of: dict[str, object]) -> None:
        reason = as_text(str(facts_of["reason"]))
        facts = {
            name: as_text(value) if isinstance(value, str) else value
            for name, value in facts_of.items()
        }
        source = record.source
        came = (source.topic, source.partition, source.offset)
        why = (reason.split(":")[0], reason, as_json(facts), record.event_sha256)
        self.changes.append("dead_letters", record.budget, record.sequence, *came, *why)

    def _take(self, record: Record, day: date | None) -> None:
        changes, event = self.changes, record.event
        assert event is not None, "what is no dead letter holds its event"
        self._update_budget(record)
        if record.outcome == "accepted":
            alone = self._alone.get(record.budget, ())
            for table, key, members in self._unsettled.settle(record, event, alone):
                changes.patch(table, key, members)
            if event.type == EventWithdrawn.TYPE:
                self._unsettled.add_withdrawal(record.budget, record.sequence)
        self._flag(record, event)
        if record.refusal is not None or record.waits_for is not None:
            self._reject_or_park(record, event)
        if record.outcome != "accepted":
            return
        add_event(changes, record, event, self._alone)
        if record.moves:
            add_moves(changes, record, day)
        if record.commitment_entries:
            add_entries(changes, record)
        if record.payment_orders:
            add_orders(changes, record)

    def _flag(self, record: Record, event: Event) -> None:
        """Add the rows of review flags; a document that is on the list as late comes once."""
        unsettled, item = self._unsettled, 0
        for flag in record.review_flags or ():
            for facts, things, late in rows_of_flag(flag):
                if late is not None and unsettled.is_late(record.budget, late, things):
                    continue
                item += 1
                key = (record.budget, record.sequence, item)
                awaits = unsettled.add("review_flags", key, things, late)
                named = (record.event_id, event.data.grant, record.convention)
                row = (*key, *named, flag.code, facts, awaits, None)
                self.changes.append("review_flags", *row)

    def _reject_or_park(self, record: Record, event: Event) -> None:
        """Add the row of a refused or parked event."""
        changes = self.changes
        place = (record.budget, record.sequence)
        who = (record.event_id, record.event_source, event.type, instant_of(event))
        if record.refusal is not None:
            facts = bytes(record.refusal.facts).decode()
            settled = self._unsettled.withdrawal_of(record)
            awaited = [event_subject(event)] if settled is None else []
            awaits = self._unsettled.add("refusals", place, awaited)
            changes.append("refusals", *place, *who, record.refusal.code, facts, awaits, settled)
        if record.waits_for is not None:
            want = record.waits_for
            changes.append("parked", *place, *who, want.kind, want.id, None, None)

    def _update_budget(self, record: Record) -> None:
        """Update the budget's row: its id is entity, code and year."""
        row = self.changes.put["budgets"].get((record.budget,))
        if row is not None:
            row["sequence"], row["head"] = record.sequence, record.hash
            return
        entity, code, year = record.budget.split("-")
        members = {
            "entity": entity,
            "code": code,
            "fiscal_year": int(year),
            "partition": self.partition,
            "sequence": record.sequence,
            "head": record.hash,
        }
        self.changes.put_row("budgets", (record.budget,), members)


LINE_COLUMNS: Final[Mapping[str | None, int]] = MappingProxyType(
    {
        None: 0,
        "available": 1,
        "reserved": 2,
        "committed": 3,
        "ordered": 4,
        "paid": 5,
        "carried_over": 6,
    }
)
"""The column of a line for each stage; money from outside the budget is appropriated."""

GRANTED: Final = 0

CONVENTION_LOSES: Final[Mapping[str | None, int]] = MappingProxyType(
    {"committed": 1, "ordered": 2, "paid": 3}
)
"""The column of a convention that money leaves; other money is granted to it."""

CONVENTION_GAINS: Final[Mapping[str | None, int]] = MappingProxyType(
    {"committed": 1, "ordered": 2, "paid": 3, "available": 4, "carried_over": 5}
)
"""The column of a convention that money arrives in."""


def add_moves(changes: Changes, record: Record, day: date | None) -> None:
    """The moves of a record, which took effect on that day, and what they add up to."""
    budget, sequence = record.budget, record.sequence
    rows = changes.appended["moves"]
    for item, move in enumerate(record.moves or (), start=1):
        codes, cents = move.line.codes, move.amount_cents
        origin, target, convention = move.origin, move.target, move.convention
        named = (convention, move.instalment, origin, target, cents, day)
        rows.append((budget, sequence, item, *codes, *named))
        line = changes.row_to_add_to("lines", (budget, *codes))
        line[LINE_COLUMNS[origin]] += cents if origin is None else -cents
        line[LINE_COLUMNS[target]] += -cents if target is None else cents
        if convention is None:
            continue
        money = changes.row_to_add_to("convention_lines", (budget, convention, *codes))
        loses = CONVENTION_LOSES.get(origin)
        if loses is None:
            money[GRANTED] += cents
        else:
            money[loses] -= cents
        money[CONVENTION_GAINS[target]] += cents


def add_entries(changes: Changes, record: Record) -> None:
    """The commitment entries of a record."""
    for item, entry in enumerate(record.commitment_entries or (), start=1):
        place = (record.budget, record.sequence, item)
        money = (*entry.line.codes, entry.amount_cents, entry.convention)
        because = (*entry.act.row, entry.effective_on)
        changes.append("commitment_entries", entry.entry_id, *place, entry.kind, *money, *because)


def add_orders(changes: Changes, record: Record) -> None:
    """The payment orders that a record issued or changed."""
    for item, order in enumerate(record.payment_orders or (), start=1):
        key = (record.budget, order.payment_order)
        members = {
            "paid_cents": order.paid_cents,
            "state": order.state,
            "state_sequence": record.sequence,
        }
        if order.issued_on is None:
            changes.patch("payment_orders", key, members | _new_state(record, order))
        else:
            changes.put_row(
                "payment_orders", key, members | _describe_issued(order, record.sequence, item)
            )
            _add_order_lines(changes, record.budget, order)


PAID: Final = "paid"


def _new_state(record: Record, order: PaymentOrder) -> Members:
    """The day of the order's new state, and the accountant's reason."""
    event = record.event
    assert event is not None, "an order changes by an event"
    if event.type == PaymentExecuted.TYPE and order.state != PAID:
        return {}  # A partial payment leaves the state (rules, 20).
    members: Members = {"state_on": day_of(event)}
    if event.type == PaymentOrderAcknowledged.TYPE:
        reason = event.data.reason if isinstance(event.data.reason, Reason) else None
        members["acknowledged_on"] = event.data.on
        members["reason_code"] = reason and reason.code
        members["reason_label"] = reason and reason.label
    return members


def _describe_issued(order: PaymentOrder, sequence: int, item: int) -> Members:
    assert order.beneficiary is not None, "an issued order has a beneficiary"
    assert order.bank_account is not None, "an issued order has a bank account"
    return {
        "convention": order.convention,
        "instalment": order.instalment,
        "amount_cents": order.amount_cents,
        "due_on": order.due_on,
        "issued_on": order.issued_on,
        "beneficiary": order.beneficiary.name,
        "siret": order.beneficiary.siret,
        "representative": order.beneficiary.representative,
        "iban": order.bank_account.iban,
        "bic": order.bank_account.bic,
        "holder": order.bank_account.holder,
        "title": order.title,
        "previous": order.previous,
        "reason_code": None,
        "reason_label": None,
        "state_on": order.issued_on,
        "acknowledged_on": None,
        "sequence": sequence,
        "item": item,
        "folded": fold_text(order.payment_order),
    }


def _add_order_lines(changes: Changes, budget: str, order: PaymentOrder) -> None:
    for position, each in enumerate(order.lines, start=1):
        place = (budget, order.payment_order, position)
        money = (*each.line.codes, each.amount_cents, as_json(each.services))
        changes.append("payment_order_lines", *place, *money)
