"""One budget: its live balances, its position in the journal, and its published balances.

What is missing is never taken for zero.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import msgspec
from pydantic import TypeAdapter, ValidationError

from events.conventions import ConventionSigned
from events.deliberations import DeliberationAdopted
from events.fiscal_years import FiscalYearOpened
from events.journal import Line, Move, Record
from events.outbound import BalanceUpdated, ConventionBalance

_BALANCE: Final = TypeAdapter(BalanceUpdated)

Cents = dict[str, int]
"""Amounts in cents by column, spelled as the contract prints them."""

LINE_COLUMNS: Final = (
    "appropriated_cents",
    "available_cents",
    "reserved_cents",
    "committed_cents",
    "ordered_cents",
    "paid_cents",
    "carried_over_cents",
)
CONVENTION_COLUMNS: Final = (
    "granted_cents",
    "remaining_cents",
    "ordered_cents",
    "paid_cents",
    "released_cents",
    "carried_over_cents",
)


def line_row(line: Line) -> dict[str, str | None]:
    """A line as the contract prints it."""
    return {
        "chapter": line.chapter,
        "article": line.article,
        "function": line.function,
        "operation": line.operation,
    }


class Key(NamedTuple):
    """The owner of a balance: a line, or a convention on a line."""

    convention: str | None
    line: Line


class _Message(msgspec.Struct):
    type: str
    data: msgspec.Raw


class Renaming(NamedTuple):
    """A change of the key of a grant's money, which no move shows."""

    grant: str
    convention: str | None
    """The convention signed for it; None where its money is keyed by the grant (rules, 13)."""


class PublishedBalance(NamedTuple):
    """The published balance of one key, as of a sequence of the journal."""

    sequence: int
    cents: Cents


class TopicKey(NamedTuple):
    """A key of the topic of balances, which names the budget too."""

    budget: str
    key: Key


class NotReadable(Exception):
    """A record is not what its topic may hold."""


_message = msgspec.json.Decoder(_Message).decode
_key = msgspec.json.Decoder(list[str | None]).decode


def renaming(record: Record) -> Renaming | None:
    """The change of a key by a record, if any."""
    event = record.event
    if record.outcome != "accepted" or event is None:
        return None
    data, grant, convention = event.data, event.data.grant or "", record.convention or ""
    if event.type == ConventionSigned.TYPE:
        return Renaming(grant, convention)
    if event.type == DeliberationAdopted.TYPE:
        if data.role == "award" and data.requires_convention is False:
            return Renaming(grant, None)
    elif event.type == FiscalYearOpened.TYPE and data.stands_alone and convention == grant:
        # One that is carried over under another key is signed no convention any more (rules, 32).
        return Renaming(grant, None)
    return None


def _line(chapter: str, article: str, function: str | None, operation: str | None) -> Line:
    return Line(chapter=chapter, article=article, function=function, operation=operation)


def read_key(raw: bytes | None) -> TopicKey:
    """The owner of the balance in a record of the topic of balances, by its key.

    Raises:
        NotReadable: the key names none.
    """
    try:
        match _key(raw or b""):
            case [str(budget), str(chapter), str(article), function, operation]:
                return TopicKey(budget, Key(None, _line(chapter, article, function, operation)))
            case [str(budget), str(convention), str(chapter), str(article), function, operation]:
                return TopicKey(
                    budget, Key(convention, _line(chapter, article, function, operation))
                )
            case names:
                raise NotReadable(f"key of {len(names)} names")
    except msgspec.MsgspecError as error:
        raise NotReadable(str(error)) from error


def read_balance(raw: bytes, place: TopicKey) -> PublishedBalance:
    """The balance that `raw`, a structured CloudEvent under the key of `place`, carries.

    Raises:
        NotReadable: it carries none, or another key's.
    """
    try:
        message = _message(raw)
        if message.type != BalanceUpdated.TYPE:
            raise NotReadable(f"type {message.type}")
        updated = _BALANCE.validate_json(bytes(message.data))
    except msgspec.MsgspecError as error:
        raise NotReadable(str(error)) from error
    except ValidationError as error:
        raise NotReadable(f"{error.error_count()} faults in data") from error
    balance = updated.balance
    of_convention = isinstance(balance, ConventionBalance)
    columns = CONVENTION_COLUMNS if of_convention else LINE_COLUMNS
    convention = balance.convention if isinstance(balance, ConventionBalance) else None
    if place != TopicKey(balance.budget, Key(convention, _line(*balance.line.key))):
        raise NotReadable("the key is not that of the balance")
    return PublishedBalance(
        updated.sequence, {column: getattr(balance, column) for column in columns}
    )


LOSES: Final[Mapping[str | None, str]] = MappingProxyType(
    {"committed": "remaining_cents", "ordered": "ordered_cents", "paid": "paid_cents"}
)
"""The column of a convention that money leaves; without one, the money is granted to it."""

GAINS: Final[Mapping[str | None, str]] = MappingProxyType(
    {
        "available": "released_cents",
        "committed": "remaining_cents",
        "ordered": "ordered_cents",
        "paid": "paid_cents",
        "carried_over": "carried_over_cents",
    }
)
"""The column of a convention that money enters."""


class Kind(StrEnum):
    """Kinds of differences of a published balance."""

    AMOUNTS = "amounts"
    """Its amounts are not the sums of the journal."""
    NOT_PUBLISHED = "not_published"
    """The journal moved it, and no balance was published for that."""
    NOT_IN_JOURNAL = "not_in_journal"
    """It follows a record, or names a key, that the journal does not have."""
    NOT_READABLE = "not_readable"
    """It is no balance of the contract."""


class Difference(NamedTuple):
    """A published balance that the journal contradicts; None for an absent side."""

    kind: Kind
    budget: str
    key: Key | None
    sequence: int | None
    """The sequence of the published balance, or of the move that was not published."""
    published: Cents | None = None
    live: Cents | None = None
    why: str | None = None

    def row(self) -> dict[str, Any]:
        """The difference as logs and pages print it."""
        return {
            "kind": self.kind,
            "convention": self.key and self.key.convention,
            "line": self.key and line_row(self.key.line),
            "published": self.published,
            "live": self.live,
            "sequence": self.sequence,
            "why": self.why,
        }


@dataclass(slots=True)
class Row:
    """One balance: live figures, and the sequences of their last move and publication."""

    cents: Cents | None = None
    """None: the balance does not exist (any more)."""
    moved: int = 0
    """The sequence of the last record that moved it."""
    published: int = 0
    """The sequence of the published balance; 0: none is published."""

    @property
    def is_published(self) -> bool:
        """True if the published balance is as new as the live one."""
        return self.published == 0 if self.cents is None else self.published >= self.moved


@dataclass(slots=True)
class Comparisons:
    """A count over all budgets."""

    count: int = 0
    """Published balances compared with live ones."""


@dataclass(slots=True)
class Budget:
    """One budget: its position in the journal, and its balances."""

    name: str
    partition: int
    comparisons: Comparisons
    offset: int = -1
    """The offset of the last record that was added up."""
    sequence: int = 0
    fault: str | None = None
    """The reason why its journal cannot be added up; its figures are unknown then."""
    rows: dict[Key, Row] = field(default_factory=dict)
    without_convention: set[str] = field(default_factory=set)
    """Grants whose money is keyed by the grant."""
    unpublished: set[Key] = field(default_factory=set)
    """Balances that have moved since they were published."""
    ahead: dict[Key, PublishedBalance] = field(default_factory=dict)
    """Balances published for records that have not been read yet."""
    differences: dict[Key, Difference] = field(default_factory=dict)

    def apply(self, record: Record) -> list[Difference]:
        """Add up the next record; differences of balances that were published ahead of it."""
        self._add_up(record)
        due = [key for key, each in self.ahead.items() if each.sequence <= self.sequence]
        found = [self.publish(key, self.ahead[key]) for key in due]
        return [each for each in found if each is not None]

    def _add_up(self, record: Record) -> None:
        self.sequence = record.sequence
        renamed = renaming(record)
        if renamed is not None:
            if renamed.convention is None:
                self.without_convention.add(renamed.grant)
            elif renamed.grant in self.without_convention:
                self.without_convention.remove(renamed.grant)
                self._rename(renamed.grant, renamed.convention)
        for move in record.moves or ():
            self._move_line(move)
            if move.convention is not None and move.target != "reserved":
                self._move_convention(move, move.convention)

    def _rename(self, grant: str, convention: str) -> None:
        """Key the grant's money by its convention: no move shows that."""
        taken = {key: row for key, row in self.rows.items() if key.convention == grant}
        figures = {key.line: row.cents for key, row in taken.items()}
        for key, row in taken.items():
            row.cents = None
            self._mark_moved(key, row)
        for line, cents in figures.items():
            key = Key(convention, line)
            row = self.rows.setdefault(key, Row())
            row.cents = cents
            self._mark_moved(key, row)

    def _move_line(self, move: Move) -> None:
        key = Key(None, move.line)
        row, cents = self._figures(key, LINE_COLUMNS)
        loses = "appropriated_cents" if move.origin is None else f"{move.origin}_cents"
        gains = "appropriated_cents" if move.target is None else f"{move.target}_cents"
        # What comes from outside the budget is appropriated, what leaves it no longer is.
        cents[loses] += move.amount_cents if move.origin is None else -move.amount_cents
        cents[gains] += -move.amount_cents if move.target is None else move.amount_cents
        self._mark_moved(key, row)

    def _move_convention(self, move: Move, convention: str) -> None:
        key = Key(convention, move.line)
        row, cents = self._figures(key, CONVENTION_COLUMNS)
        loses = LOSES.get(move.origin)
        if loses is None:
            cents["granted_cents"] += move.amount_cents
        else:
            cents[loses] -= move.amount_cents
        gains = GAINS.get(move.target)
        if gains is not None:
            cents[gains] += move.amount_cents
        self._mark_moved(key, row)

    def _figures(self, key: Key, columns: tuple[str, ...]) -> tuple[Row, Cents]:
        row = self.rows.get(key)
        if row is None:
            row = self.rows[key] = Row()
        if row.cents is None:
            row.cents = dict.fromkeys(columns, 0)
        return row, row.cents

    def _mark_moved(self, key: Key, row: Row) -> None:
        row.moved = self.sequence
        self._note(key, row)

    def _note(self, key: Key, row: Row) -> None:
        if row.is_published:
            self.unpublished.discard(key)
        else:
            self.unpublished.add(key)

    def publish(self, key: Key, balance: PublishedBalance) -> Difference | None:
        """Compare a published balance with the live one, once that has its sequence."""
        if balance.sequence > self.sequence:
            self.ahead[key] = balance
            return None
        self.ahead.pop(key, None)
        row = self.rows.get(key)
        if row is None:
            return self._differs(Kind.NOT_IN_JOURNAL, key, balance, None)
        row.published = balance.sequence
        self._note(key, row)
        if row.moved > balance.sequence:
            return None  # It moved again, or ended: another balance must follow.
        if row.cents is None:
            return self._differs(Kind.NOT_IN_JOURNAL, key, balance, None)
        self.comparisons.count += 1
        if row.cents != balance.cents:
            return self._differs(Kind.AMOUNTS, key, balance, row.cents)
        self.differences.pop(key, None)
        return None

    def withdraw(self, key: Key) -> None:
        """Take note of a tombstone: nothing is published under `key` any more."""
        self.ahead.pop(key, None)
        row = self.rows.get(key)
        if row is not None:
            row.published = 0
            self._note(key, row)
        if row is None or row.is_published:
            self.differences.pop(key, None)

    def open_ends(self) -> dict[Key, tuple[int, int, int]]:
        """Balances of which the published balance or the journal record is missing, and how far."""
        return {key: self._how_far(key) for key in self.unpublished | self.ahead.keys()}

    def _how_far(self, key: Key) -> tuple[int, int, int]:
        row = self.rows.get(key) or Row()
        balance = self.ahead.get(key)
        return (row.moved, row.published, 0 if balance is None else balance.sequence)

    def overdue(self, key: Key, how_far: tuple[int, int, int]) -> Difference | None:
        """A difference, where everything was read and `key` is still open as before."""
        waits = key in self.unpublished or key in self.ahead
        if not waits or self._how_far(key) != how_far:
            return None
        row = self.rows.get(key) or Row()
        balance = self.ahead.get(key)
        known = self.differences.get(key)
        if balance is not None:
            found = self._differs(Kind.NOT_IN_JOURNAL, key, balance, row.cents)
        elif row.cents is None:
            found = Difference(Kind.NOT_IN_JOURNAL, self.name, key, row.published)
        else:
            found = Difference(Kind.NOT_PUBLISHED, self.name, key, row.moved, None, row.cents)
        self.differences[key] = found
        return None if found == known else found

    def _differs(
        self, kind: Kind, key: Key, balance: PublishedBalance, live: Cents | None
    ) -> Difference:
        live = None if live is None else dict(live)
        found = Difference(kind, self.name, key, balance.sequence, balance.cents, live)
        self.differences[key] = found
        return found

    def line_rows(self) -> list[dict[str, Any]]:
        """The balances of its lines, in the order and shape of the contract (rules, 35)."""
        return [
            {"budget": self.name, "line": line_row(key.line), **row.cents}
            for key, row in sorted(self.rows.items(), key=lambda each: sort_key(each[0]))
            if row.cents is not None and key.convention is None
        ]

    def convention_rows(self) -> list[dict[str, Any]]:
        """The balances of its conventions on their lines, likewise."""
        return [
            {"budget": self.name, "convention": key.convention, "line": line_row(key.line)}
            | row.cents
            for key, row in sorted(self.rows.items(), key=lambda each: sort_key(each[0]))
            if row.cents is not None and key.convention is not None
        ]

    def difference_rows(self) -> list[dict[str, Any]]:
        """The published balances that differ, in the same order."""
        keys = sorted(self.differences, key=sort_key)
        return [self.differences[key].row() for key in keys]


def sort_key(key: Key) -> tuple[str, tuple[str, str, str, str]]:
    """A key that sorts balances: by convention, then by line."""
    return (key.convention or "", key.line.codes)
