"""What the watch reads of the journal and of the published balances: its own reading of both.

It shares no code with the ledger: a mistake there must not hide here.
"""

from typing import Final, Literal, NamedTuple

import msgspec
from pydantic import ValidationError

from events.conventions import ConventionSigned
from events.deliberations import DeliberationAdopted
from events.fiscal_years import FiscalYearOpened
from events.outbound import BalanceUpdated, ConventionBalance

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
    """Whose money: a line's, or a convention's on a line."""

    convention: str | None
    line: Line


class Move(msgspec.Struct, frozen=True):
    """An amount in cents that went from one stage to another; None is outside the budget."""

    line: Line
    convention: str | None
    amount_cents: int
    origin: Stage | None = msgspec.field(name="from")
    target: Stage | None = msgspec.field(name="to")


class _Event(msgspec.Struct):
    type: str
    data: msgspec.Raw


class _Record(msgspec.Struct):
    budget: str
    sequence: int
    outcome: str
    moves: tuple[Move, ...] | None
    event: _Event | None


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


class Alone(NamedTuple):
    """An award without convention: its grant appears everywhere as a convention (rules, 13).

    One that was carried over from an earlier year is told by its deadline event.
    """

    grant: str


class Signed(NamedTuple):
    """A convention was signed for a grant; one that stood alone goes on under the new name."""

    grant: str
    convention: str


class Record(NamedTuple):
    """One record of the journal, as far as balances are concerned."""

    budget: str
    sequence: int
    moves: tuple[Move, ...]
    fact: Alone | Signed | None


class Published(NamedTuple):
    """What the ledger says of one key, as of a sequence of its journal."""

    sequence: int
    cents: Cents


class Place(NamedTuple):
    """A key of the topic of balances: it is named there with its budget."""

    budget: str
    key: Key


class NotReadable(Exception):
    """A record is not what its topic may hold."""


_record = msgspec.json.Decoder(_Record).decode
_award = msgspec.json.Decoder(_Award).decode
_opening = msgspec.json.Decoder(_Opening).decode
_signature = msgspec.json.Decoder(_Signature).decode
_message = msgspec.json.Decoder(_Event).decode
_key = msgspec.json.Decoder(list[str | None]).decode


def read_record(raw: bytes | None) -> Record:
    """The journal record that `raw` is.

    Raises:
        NotReadable: it is none.
    """
    try:
        record = _record(raw or b"")
        accepted = record.outcome == "accepted"
        moves = record.moves or ()
        fact = _fact(record.event, moves) if accepted and record.event is not None else None
    except msgspec.MsgspecError as error:
        raise NotReadable(str(error)) from error
    return Record(record.budget, record.sequence, moves, fact)


def _fact(event: _Event, moves: tuple[Move, ...]) -> Alone | Signed | None:
    """What money alone does not say: under which name a convention goes on."""
    if event.type == ConventionSigned.TYPE:
        signed = _signature(event.data)
        return Signed(signed.grant, signed.convention)
    if event.type == DeliberationAdopted.TYPE:
        award = _award(event.data)
        if award.role == "award" and award.requires_convention is False:
            return Alone(award.grant)
    if event.type == FiscalYearOpened.TYPE:
        opening = _opening(event.data)
        # No convention is signed any more for one that goes on under another name (rules, 32).
        is_renamed = any(move.convention != opening.grant for move in moves[:1])
        return Alone(opening.grant) if opening.stands_alone and not is_renamed else None
    return None


def read_key(raw: bytes | None) -> Place:
    """Whose balance a record of the topic of balances is, by its key.

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
