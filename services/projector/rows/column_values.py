"""Values of the tables' columns that a journal record states indirectly: days, instants, texts.

They stand alone because readers of the tables, and migrations, use them without any row.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, Final

import msgspec

from events.envelope import INBOUND
from events.journal import Act, Event, Record
from events.texts import fold_text, parts_of

DAY_OF: Final[Mapping[str, str]] = {each.TYPE: each.DAY for each in INBOUND if each.DAY is not None}
"""The member of an event's data with the day on which it took effect; else its time has it."""


def own_names(record: Record) -> tuple[str | None, str | None, str | None]:
    """Grant, convention and payment order of a record, as its row of `journal` has them."""
    assert record.event is not None, "a record without an event has no names"
    data = record.event.data
    return data.grant, record.convention, data.payment_order


def instant_of(event: Event) -> datetime:
    """An event's time in UTC; at the ends of the calendar the last instant that UTC has."""
    stated = datetime.fromisoformat(event.time.upper())
    try:
        return stated.astimezone(UTC)
    except OverflowError:
        return stated.replace(tzinfo=UTC)


def day_of(event: Event) -> date:
    """The day on which an event took effect: the one that it names, else that of its time."""
    named = getattr(event.data, DAY_OF.get(event.type, ""), None)
    if isinstance(named, Act):
        return named.day
    return named or date.fromisoformat(event.time[:10])


def day_of_moves(record: Record) -> date | None:
    """The day on which the moves of a record took effect."""
    if record.commitment_entries:
        return record.commitment_entries[0].effective_on
    return None if record.event is None else day_of(record.event)


NUMBER_SIGNS: Final = frozenset({"n", "no", "nr"})
"""What people and pages write before the number of an act: `n° 2023/40`, `no. 2023/40`."""

APART: Final = " |"
"""Stands behind each of several names that are folded into one column."""


def fold_number(number: str) -> str:
    """The number of an act, folded, without a sign for the word *number*."""
    first, *others = parts_of(number) or [""]
    return fold_text(number if first not in NUMBER_SIGNS else " ".join(others) or number)


def fold_names(*names: str) -> str:
    """Several names in one text: the first is whole where it ends with `APART`."""
    return "".join(fold_text(name) + APART for name in names)


_encode: Final = msgspec.json.Encoder().encode


def as_json(value: Any) -> str | None:
    """A value as a column of JSON holds it; None where there is nothing."""
    return None if value is None else _encode(value).decode()


def as_text(text: str) -> str:
    """A text as a column holds it: U+0000, which PostgreSQL cannot keep, becomes U+FFFD.

    Only the facts of a dead letter can hold one.
    """
    return text.replace("\0", "\ufffd")
