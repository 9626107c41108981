"""Records of the journal and published balances, as the watch decodes them.

It shares no code with the ledger: a mistake there must not hide here.
"""

from typing import Final, Literal, NamedTuple

import msgspec
from pydantic import ValidationError

from events.conventions import ConventionSigned
from events.deliberations import DeliberationAdopted
from events.fiscal_years import FiscalYearOpened
from events.outbound import BalanceUpdated, ConventionBalance

Outcome = Literal["accepted", "duplicate", "refused", "parked", "dead_letter"]

Stage = Literal["available", "reserved", "committed", "ordered", "paid", "carried_over"]

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


class Line(msgspec.Struct, frozen=True):
    """A budget line (imputation)."""

    chapter: str
    article: str
    function: str | None = None
    operation: str | None = None

    def row(self) -> dict[str, str | None]:
        """The line as the contract prints it."""
        return {
            "chapter": self.chapter,
            "article": self.article,
            "function": self.function,
            "operation": self.operation,
        }

    def in_order(self) -> tuple[str, str, str, str]:
        """A key that sorts lines, absent codes first (rules, 35)."""
        return (self.chapter, self.article, self.function or "", self.operation or "")


class Key(NamedTuple):
    """The owner of a balance: a line, or a convention on a line."""

    convention: str | None
    line: Line


class Move(msgspec.Struct, frozen=True):
    """An amount that moves from one stage to another; None is outside the budget."""

    line: Line
    convention: str | None
    amount_cents: int
    origin: Stage | None = msgspec.field(name="from")
    target: Stage | None = msgspec.field(name="to")


class Order(msgspec.Struct):
    """A payment order after a record that issued or changed it."""

    payment_order: str
    state: str
    paid_cents: int = 0


class Source(msgspec.Struct, frozen=True):
    """The position at which the ledger read a record."""

    topic: str
    partition: int
    offset: int


class Event(msgspec.Struct):
    """The event in a record; its data is not decoded."""

    type: str
    data: msgspec.Raw
    time: str | None = None


class JournalRecord(msgspec.Struct):
    """A record of the journal, decoded once for all tables."""

    budget: str
    sequence: int
    outcome: Outcome
    source: Source
    moves: tuple[Move, ...] | None = None
    event: Event | None = None
    resumes: int | None = None
    payment_orders: tuple[Order, ...] | None = None


class _Message(msgspec.Struct):
    type: str
    data: msgspec.Raw


class _Award(msgspec.Struct):
    grant: str
    role: str
    requires_convention: bool | None = None


class _Opening(msgspec.Struct):
    grant: str
    stands_alone: bool


class _Signature(msgspec.Struct):
    grant: str
    convention: str


class WithoutConvention(NamedTuple):
    """An award without convention: its money is keyed by the grant (rules, 13)."""

    grant: str


class Signed(NamedTuple):
    """A convention signed for a grant; money keyed by the grant is keyed by it from now on."""

    grant: str
    convention: str


class Published(NamedTuple):
    """The published balance of one key, as of a sequence of the journal."""

    sequence: int
    cents: Cents


class Place(NamedTuple):
    """A key of the topic of balances, which names the budget too."""

    budget: str
    key: Key


class NotReadable(Exception):
    """A record is not what its topic may hold."""


_record = msgspec.json.Decoder(JournalRecord).decode
_award = msgspec.json.Decoder(_Award).decode
_opening = msgspec.json.Decoder(_Opening).decode
_signature = msgspec.json.Decoder(_Signature).decode
_message = msgspec.json.Decoder(_Message).decode
_key = msgspec.json.Decoder(list[str | None]).decode


def decode(raw: bytes | None) -> JournalRecord | NotReadable:
    """The journal record in `raw`, or why it is none."""
    try:
        return _record(raw or b"")
    except msgspec.MsgspecError as error:
        return NotReadable(str(error))


def renaming(record: JournalRecord) -> WithoutConvention | Signed | None:
    """A change of the key of a grant's money, which no move shows.

    Raises:
        NotReadable: the event is none of its type.
    """
    if record.outcome != "accepted" or record.event is None:
        return None
    try:
        return _renaming(record.event, record.moves or ())
    except msgspec.MsgspecError as error:
        raise NotReadable(str(error)) from error


def _renaming(event: Event, moves: tuple[Move, ...]) -> WithoutConvention | Signed | None:
    if event.type == ConventionSigned.TYPE:
        signed = _signature(event.data)
        return Signed(signed.grant, signed.convention)
    if event.type == DeliberationAdopted.TYPE:
        award = _award(event.data)
        if award.role == "award" and award.requires_convention is False:
            return WithoutConvention(award.grant)
    if event.type == FiscalYearOpened.TYPE:
        opening = _opening(event.data)
        # One that is carried over under another key is signed no convention any more (rules, 32).
        is_renamed = any(move.convention != opening.grant for move in moves[:1])
        if opening.stands_alone and not is_renamed:
            return WithoutConvention(opening.grant)
    return None


def read_key(raw: bytes | None) -> Place:
    """The owner of the balance in a record of the topic of balances, by its key.

    Raises:
        NotReadable: the key names none.
    """
    try:
        match _key(raw or b""):
            case [str(budget), str(chapter), str(article), function, operation]:
                return Place(budget, Key(None, Line(chapter, article, function, operation)))
            case [str(budget), str(convention), str(chapter), str(article), function, operation]:
                return Place(budget, Key(convention, Line(chapter, article, function, operation)))
            case names:
                raise NotReadable(f"key of {len(names)} names")
    except msgspec.MsgspecError as error:
        raise NotReadable(str(error)) from error


def read_balance(raw: bytes, place: Place) -> Published:
    """The balance that `raw`, a structured CloudEvent under the key of `place`, carries.

    Raises:
        NotReadable: it carries none, or another key's.
    """
    try:
        message = _message(raw)
        if message.type != BalanceUpdated.TYPE:
            raise NotReadable(f"type {message.type}")
        updated = BalanceUpdated.model_validate_json(bytes(message.data))
    except msgspec.MsgspecError as error:
        raise NotReadable(str(error)) from error
    except ValidationError as error:
        raise NotReadable(f"{error.error_count()} faults in data") from error
    balance = updated.balance
    of_convention = isinstance(balance, ConventionBalance)
    columns = CONVENTION_COLUMNS if of_convention else LINE_COLUMNS
    convention = balance.convention if isinstance(balance, ConventionBalance) else None
    if place != Place(balance.budget, Key(convention, Line(*balance.line.key))):
        raise NotReadable("the key is not that of the balance")
    return Published(updated.sequence, {column: getattr(balance, column) for column in columns})
