"""The orders that wait for a slip: in their order, and by budget and type what they come to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from pydantic import BaseModel, Field

from events.masking import mask_name
from services.api.queries.rows import Name
from services.texts.language import Language
from services.texts.translation import translate
from services.treasury.domain.slips import Change, SlipType, Waiting

Place = tuple[str, str, str]
"""The place of an order that waits: budget, type of its slip, order."""


class WaitingOrder(BaseModel):
    """An order that waits for a slip."""

    budget: str
    payment_order: Name
    slip_type: SlipType
    amount_cents: int
    slip_id: str | None = Field(description="The slip on which it stands; it was not exported.")
    reasons: list[str] = Field(description="Why it cannot go; none where it can.")
    changes: list[Change] = Field(description="What happened since it was issued.")
    to_confirm: int | None = Field(
        description="The last record of that, where a person must confirm it."
    )
    confirmed_at: datetime | None
    confirmed_by: str | None

    @classmethod
    def from_waiting(cls, waiting: Waiting, language: Language) -> Self:
        """The answer about an order, in the language that was asked for."""
        order, confirmation = waiting.order, waiting.confirmation
        return cls(
            budget=order.budget,
            payment_order=order.payment_order,
            slip_type=waiting.slip_type,
            amount_cents=waiting.amount_cents,
            slip_id=waiting.slip_id,
            reasons=[translate(each, language) for each in waiting.reasons],
            changes=[
                replace(each, convention=each.convention and mask_name(each.convention))
                for each in waiting.changes
            ],
            to_confirm=waiting.to_confirm,
            confirmed_at=None if confirmation is None else confirmation.at,
            confirmed_by=None if confirmation is None else confirmation.by,
        )


@dataclass(frozen=True, slots=True)
class Ready:
    """The orders of a budget that wait for a slip of one type."""

    budget: str
    slip_type: SlipType
    ready_count: int
    ready_cents: int
    held_count: int
    """Of those that cannot stand on one."""
    held_cents: int


def place_of(waiting: Waiting) -> Place:
    """The place of an order in the list."""
    return waiting.order.budget, waiting.slip_type, waiting.order.payment_order


def sort_by_place(orders: Iterable[Waiting]) -> list[Waiting]:
    """The same in the order of their places."""
    return sorted(orders, key=place_of)


def group_by_slip(orders: Sequence[Waiting]) -> list[Ready]:
    """Orders that would stand on one slip, by budget and type."""
    together: dict[tuple[str, SlipType], list[Waiting]] = {}
    for each in orders:
        if each.slip_id is not None:
            continue
        together.setdefault((each.order.budget, each.slip_type), []).append(each)
    return [_ready(*key, rows) for key, rows in sorted(together.items())]


def _ready(budget: str, slip_type: SlipType, rows: Sequence[Waiting]) -> Ready:
    ready = [each.amount_cents for each in rows if not each.reasons]
    held = [each.amount_cents for each in rows if each.reasons]
    return Ready(budget, slip_type, len(ready), sum(ready), len(held), sum(held))
