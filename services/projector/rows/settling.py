"""Settling: later accepted records take a refusal or a review flag off the list of what is to do.

A refusal is settled by an accepted event of the same type about the same thing (its `SUBJECT`):
corrected, and sent again under a new id; that of a withdrawn event by its withdrawal (rules, 39).
A review flag is settled by what its advice asks for (`flag_things`); of other flags, and of what
was not sent again, only a person knows, who marks it as reviewed.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, TypeVar

import msgspec

from events.conventions import ConventionSigned, ReportReceived
from events.deliberations import DeliberationAdopted
from events.envelope import BY_TYPE
from events.fiscal_years import FiscalYearClosed
from events.follow_up import DeadlinePassed
from events.journal import Code, Event, Record, require
from events.payments import RecoveryOrdered
from services.projector.rows.changes import Key, Members
from services.projector.rows.column_values import as_json

ORDER, DOCUMENT, RECOVERY, PAYABLE, ACT = "order ended", "document", "recovery", "payable", "act"
"""Kinds of what flags ask for."""

ASKED: Final = frozenset({ORDER, DOCUMENT, RECOVERY, PAYABLE, ACT})

LATE: Final = "report_late"
"""The flag of documents that are late, those that were rejected after they came among them."""

ENDED: Final = frozenset({"paid", "rejected", "cancelled"})
"""The states in which nobody waits for a payment order any more."""

_facts: Final = msgspec.json.Decoder(dict[str, Any]).decode


def make_awaited_key(*parts: object) -> str:
    """A key of what a record waits for, as a column holds it: the JSON list of its parts."""
    return str(as_json(parts))


def event_subject(event: Event) -> str:
    """The key of what an event is about, with its type."""
    members = (getattr(event.data, name) for name in BY_TYPE[event.type].SUBJECT)
    return make_awaited_key(event.type, *map(_drop_amounts, members))


def _drop_amounts(member: Any) -> Any:
    """The lines of amounts: a correction may change how much stands on each."""
    return [each.line for each in member] if isinstance(member, tuple) else member


def flag_things(flag: Code) -> list[str]:
    """Everything that must come before a review flag is settled; none where only a person knows."""
    facts = _facts(flag.facts)
    convention = facts.get("convention")
    match flag.code:
        case "payment_late":
            return [make_awaited_key(ORDER, facts["payment_order"])]
        case "report_late":
            return [
                make_awaited_key(DOCUMENT, convention, each["kind"], each["year"])
                for each in facts["documents"]
            ]
        case "report_rejected_after_order":
            document = facts["document"]
            return [make_awaited_key(DOCUMENT, convention, document["kind"], document["year"])]
        case "recovery_due":
            return [make_awaited_key(RECOVERY, convention)]
        case "convention_required":
            return [make_awaited_key(PAYABLE, convention)]
        case "act_not_found":
            act = facts["act"]
            return [make_awaited_key(ACT, facts["grant"], act["body"], act["date"])]
        case _:
            return []


class LateDocument(NamedTuple):
    """A late document as a row has it: who owes it, and by which day it was missed."""

    convention: str
    due_on: str


def late_of(facts: Mapping[str, Any]) -> LateDocument:
    """Read a late document from the facts of its flag."""
    return LateDocument(facts["convention"], facts["due_on"])


def rows_of_flag(flag: Code) -> list[tuple[str, list[str], LateDocument | None]]:
    """The facts and the things of each row of a flag: a late document is a row of its own."""
    if flag.code != LATE:
        return [(bytes(flag.facts).decode(), flag_things(flag), None)]
    facts, things = _facts(flag.facts), flag_things(flag)
    return [
        (str(as_json(facts | {"documents": [document]})), [thing], late_of(facts))
        for document, thing in zip(facts["documents"], things, strict=True)
    ]


def kind_of(awaited: str) -> str:
    """The first part of a thing: the type of an event, or what a flag asks for."""
    return awaited.split('"', 2)[1]


def list_awaited_keys(record: Record, event: Event, kinds: Collection[str]) -> Iterator[str]:
    """The keys of what an accepted record brings, of these kinds."""
    if event.type in kinds:
        yield event_subject(event)
    if not ASKED.isdisjoint(kinds):
        yield from _list_asked(record, event)


def _list_asked(record: Record, event: Event) -> Iterator[str]:
    """Everything that a record brings and flags ask for."""
    data = event.data
    match event.type:
        case ReportReceived.TYPE if data.document is not None:
            yield make_awaited_key(
                DOCUMENT, record.convention, data.document.kind, data.document.year
            )
        case RecoveryOrdered.TYPE:
            yield make_awaited_key(RECOVERY, record.convention)
        case ConventionSigned.TYPE:
            yield make_awaited_key(PAYABLE, data.grant)
        case DeliberationAdopted.TYPE if data.act is not None:
            yield make_awaited_key(ACT, data.grant, data.act.body, data.act.day)
    for order in record.payment_orders or ():
        if order.state in ENDED:
            yield make_awaited_key(ORDER, order.payment_order)
        if order.issued_on is not None:
            yield make_awaited_key(PAYABLE, order.convention)


def _conventions_left(record: Record, event: Event, alone: Collection[str]) -> set[str]:
    """The conventions whose documents are owed elsewhere from this record on (rules, 13 and 31)."""
    match event.type:
        case ConventionSigned.TYPE if event.data.grant in alone:
            return {require(event.data.grant, "grant")}
        case FiscalYearClosed.TYPE:
            moves = record.moves or ()
            return {each.convention or "" for each in moves if each.target == "carried_over"}
        case _:
            return set()


@dataclass(slots=True, eq=False)
class OpenRow:
    """A row that later records may settle, and what must still come."""

    table: str
    key: Key
    awaits: set[str]
    late: LateDocument | None


@dataclass(slots=True)
class UnsettledRows:
    """Rows that later records may settle, by budget and by what must come."""

    _open: dict[str, dict[str, list[OpenRow]]] = field(default_factory=dict)
    _kinds: dict[str, set[str]] = field(default_factory=dict)
    """By budget, the kinds of what its rows await, or have awaited."""
    _late: dict[tuple[str, str], list[OpenRow]] = field(default_factory=dict)
    """By budget and convention, the rows of late documents."""
    _withdrawn: dict[str, int] = field(default_factory=dict)
    """By budget, the last withdrawal of a parked event."""

    def add_withdrawal(self, budget: str, sequence: int) -> None:
        """Note an accepted withdrawal: it settles the refusal directly behind it (rules, 39)."""
        self._withdrawn[budget] = sequence

    def withdrawal_of(self, record: Record) -> int | None:
        """Return the withdrawal that had this event refused; None of other refusals."""
        before = record.sequence - 1
        is_withdrawn = self._withdrawn.get(record.budget) == before and record.resumes is not None
        return before if is_withdrawn else None

    def add(
        self, table: str, key: Key, awaits: Collection[str], late: LateDocument | None = None
    ) -> str | None:
        """Add a row of this table, whose key begins with the budget; return its `awaits`."""
        if awaits:
            found = OpenRow(table, key, set(awaits), late)
            if late is not None:
                self._late.setdefault((key[0], late.convention), []).append(found)
            of_budget = self._open.setdefault(key[0], {})
            for each in found.awaits:
                of_budget.setdefault(each, []).append(found)
            self._kinds.setdefault(key[0], set()).update(map(kind_of, awaits))
        return as_awaited(awaits)

    def is_late(self, budget: str, late: LateDocument, awaits: Collection[str]) -> bool:
        """True where an unsettled row says already that a document is late."""
        rows = self._late.get((budget, late.convention), ())
        return any(not each.awaits.isdisjoint(awaits) for each in rows)

    def settle(
        self, record: Record, event: Event, alone: Collection[str] = ()
    ) -> Iterator[tuple[str, Key, Members]]:
        """The rows that an accepted record changes: it settles them, or a part of what they await.

        Nothing is asked of a budget without such rows. `alone` are the grants that stand without
        convention before it.
        """
        of_budget = self._open.get(record.budget)
        if not of_budget:
            return
        if event.type == DeadlinePassed.TYPE:
            yield from self._settle_not_owed(record, event)
        things = list(list_awaited_keys(record, event, self._kinds[record.budget]))
        for name in _conventions_left(record, event, alone):
            documents = make_awaited_key(DOCUMENT, name)[:-1] + ","
            things += [each for each in of_budget if each.startswith(documents)]
        for each in things:
            for row in of_budget.pop(each, ()):
                row.awaits.discard(each)
                yield self._change_row(row, record)

    def _settle_not_owed(self, record: Record, event: Event) -> Iterator[tuple[str, Key, Members]]:
        """Settle the rows of documents that a deadline event no longer finds open (rules, 29).

        Its flag names all that the convention owes by its day, and so by an earlier one.
        """
        data, of_budget = event.data, self._open[record.budget]
        rows = self._late.get((record.budget, data.convention or ""), ())
        flags = (each for each in record.review_flags or () if each.code == LATE)
        still = {thing for flag in flags for thing in flag_things(flag)}
        passed = require(data.due_on, "due_on").isoformat()
        for row in list(rows):
            if row.late and row.late.due_on <= passed and row.awaits.isdisjoint(still):
                for thing in row.awaits:
                    _remove(of_budget, thing, row)
                row.awaits.clear()
                yield self._change_row(row, record)

    def _change_row(self, row: OpenRow, record: Record) -> tuple[str, Key, Members]:
        """The columns of a row of which a record brought something, or all that it awaited."""
        settled = None if row.awaits else record.sequence
        if settled is not None and row.late is not None:
            _remove(self._late, (record.budget, row.late.convention), row)
        members = {"awaits": as_awaited(row.awaits), "settled_sequence": settled}
        return row.table, row.key, members


Name = TypeVar("Name")


def _remove(rows: dict[Name, list[OpenRow]], name: Name, row: OpenRow) -> None:
    rows[name].remove(row)
    if not rows[name]:
        del rows[name]


def as_awaited(awaits: Collection[str]) -> str | None:
    """Everything that a row awaits, as its column holds it; None where nothing settles it."""
    return as_json(sorted(awaits)) if awaits else None


read_awaited: Final = msgspec.json.Decoder(list[str]).decode
"""Decode the column `awaits`."""
