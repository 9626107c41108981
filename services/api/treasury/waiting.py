"""The orders that wait for a slip: in their order, and by budget and type what they come to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.treasury.domain.slips import SlipType, Waiting

Place = tuple[str, str, str]
"""The place of an order that waits: budget, type of its slip, order."""


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


def in_order(found: Iterable[Waiting]) -> list[Waiting]:
    """The same in the order of their places."""
    return sorted(found, key=place_of)


def by_slip(found: Sequence[Waiting]) -> list[Ready]:
    """What would stand on a slip, by budget and type."""
    together: dict[tuple[str, SlipType], list[Waiting]] = {}
    for each in found:
        together.setdefault((each.order.budget, each.slip_type), []).append(each)
    return [_ready(*key, rows) for key, rows in sorted(together.items())]


def _ready(budget: str, slip_type: SlipType, rows: Sequence[Waiting]) -> Ready:
    ready = [each.amount_cents for each in rows if not each.reasons]
    held = [each.amount_cents for each in rows if each.reasons]
    return Ready(budget, slip_type, len(ready), sum(ready), len(held), sum(held))
