"""Payment orders as the ledger issues them, and as the read model has them."""

import itertools
from collections.abc import Sequence
from datetime import date
from typing import Any, Final

import msgspec
from sqlalchemy import insert, update

from events.outbound import PaymentOrderIssued
from services.projector.tables import payment_orders
from services.treasury.pes.accountant import TreasuryConfig
from services.treasury.slips.order_messages import CancelledOrder, IssuedOrder
from services.treasury.slips.orders import take
from tests.builders import BUDGET, IBAN, OTHER_BODY, SIRET, a_line
from tests.treasury.databases import Opened

COPIED: Final = (
    *("budget", "payment_order", "convention", "instalment", "amount_cents", "paid_cents"),
    *("state", "due_on", "issued_on", "title"),
)
"""Members of an order that are columns of the read model."""

_sequences = itertools.count(1)


def an_order(
    name: str = "C/advance", line_cents: Sequence[int] = (100_000,), **more: Any
) -> PaymentOrderIssued:
    """An order for these amounts, each on a line of its own."""
    convention, instalment = name.split("/")[:2]
    members = {
        "payment_order": name,
        "budget": BUDGET,
        "convention": convention,
        "instalment": instalment,
        "amount_cents": sum(line_cents),
        "paid_cents": 0,
        "state": "issued",
        "due_on": date(2023, 8, 1),
        "lines": [
            {"line": a_line(str(489 + place)), "amount_cents": cents, "services": None}
            for place, cents in enumerate(line_cents)
        ],
        "beneficiary": {"name": "Lille Avenirs", "siret": SIRET},
        "bank_account": {"iban": IBAN, "holder": "Lille Avenirs"},
        "acts": [{"body": "Conseil municipal", "number": "2023/40", "date": date(2023, 4, 12)}],
        "title": "Convention 2023",
        "issued_on": date(2023, 6, 2),
        "previous": None,
    }
    return msgspec.convert(members | more, PaymentOrderIssued)


def a_config(**numbers: Any) -> TreasuryConfig:
    """Settings of the budget, with these of its numbers."""
    budget = {"IdPost": "059999", "CodCol": "350", "numbers": numbers}
    return TreasuryConfig.model_validate({"entities": {OTHER_BODY: {"budgets": {"00": budget}}}})


async def issued(both: Opened, *orders: PaymentOrderIssued) -> None:
    """The ledger has issued these orders, and both treasury and projector have read it."""
    async with both.store.transaction() as connection:
        await take(connection, [IssuedOrder(each, msgspec.json.encode(each)) for each in orders])
    await known(both, *orders)


async def known(both: Opened, *orders: PaymentOrderIssued) -> None:
    """The projector has read these orders."""
    rows = [
        {
            **{name: getattr(each, name) for name in COPIED},
            "beneficiary": each.beneficiary.name,
            "siret": each.beneficiary.siret,
            "iban": each.bank_account.iban,
            "holder": each.bank_account.holder,
            "sequence": next(_sequences),
            "item": 0,
            "state_sequence": 1,
        }
        for each in orders
    ]
    async with both.read_model.begin() as connection:
        await connection.execute(insert(payment_orders), rows)


async def is_now(both: Opened, name: str, state: str, paid_cents: int = 0) -> None:
    """The read model has this state of an order; of a cancelled one the treasury has read it."""
    if state == "cancelled":
        async with both.store.transaction() as connection:
            await take(connection, [CancelledOrder(BUDGET, name)])
    changed = update(payment_orders).where(payment_orders.c.payment_order == name)
    async with both.read_model.begin() as connection:
        await connection.execute(changed.values(state=state, paid_cents=paid_cents))
