"""Keys and figures of the published balances, and the keys that journal records change.

No code is shared with the ledger: a mistake there must not hide here.
"""

from typing import Final, NamedTuple

import msgspec
from pydantic import TypeAdapter, ValidationError

from events.conventions import ConventionSigned
from events.deliberations import DeliberationAdopted
from events.fiscal_years import FiscalYearOpened
from events.journal import Line, Record
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


class Published(NamedTuple):
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


def read_balance(raw: bytes, place: TopicKey) -> Published:
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
    return Published(updated.sequence, {column: getattr(balance, column) for column in columns})
