"""Orders that wait for a slip, as `ecluse slips` prints them."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from events.texts import Day, Euros, Translatable, _
from services.cli.commands.operate.api_keys import instant
from services.cli.terminal.screen import ROWS_MAX, Cells, Screen
from services.texts.translation import both
from services.treasury.domain.slips import SlipType, Waiting

CONFIRM_IT = _(
    "To confirm {order}: `ecluse slips confirm {order} --budget {budget} --record {record}`."
)
READY = _("ready")
TO_TAKE_BACK = _("to be taken back")


def say_to_confirm(screen: Screen, found: Sequence[Waiting]) -> None:
    """Say by which command each order is confirmed that must be."""
    to_confirm = [each for each in found if each.to_confirm is not None]
    for each in to_confirm[:ROWS_MAX]:
        # Apart from the table: a command that is broken into a column cannot be copied.
        facts = {"budget": each.order.budget, "order": each.payment_order}
        screen.say(CONFIRM_IT.render({**facts, "record": each.to_confirm}))
    screen.say_more(len(to_confirm) - ROWS_MAX)


def waiting_row(each: Waiting) -> dict[str, Any]:
    """An order that waits, as a program reads it."""
    order, confirmation = each.order, each.confirmation
    return {
        "budget": order.budget,
        "payment_order": order.payment_order,
        "slip_type": each.slip_type.value,
        "amount_cents": each.amount_cents,
        "issued_on": order.issued_on.isoformat(),
        "due_on": order.due_on.isoformat(),
        "beneficiary": order.beneficiary.name,
        "slip_id": each.slip_id,
        "reasons": [asdict(both(reason)) for reason in each.reasons],
        "changes": [
            asdict(change) | {"on": change.on and change.on.isoformat()} for change in each.changes
        ],
        "to_confirm": each.to_confirm,
        "confirmed_at": instant(confirmation.at) if confirmation else None,
        "confirmed_by": confirmation.by if confirmation else None,
    }


def waiting_cells(each: Waiting) -> Cells:
    """Its cells in the list."""
    ready = READY if each.slip_type is SlipType.PAYMENT else TO_TAKE_BACK
    order = each.order
    reasons = each.reasons or (ready,)
    named = {f"reason_{place}": reason for place, reason in enumerate(reasons)}
    detail = Translatable("\n".join(f"{{{name}}}" for name in named), named)
    day = Day(order.issued_on.isoformat())
    return (
        order.budget,
        order.payment_order,
        Euros(each.amount_cents),
        day,
        detail,
    )
