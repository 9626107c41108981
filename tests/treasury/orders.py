"""Payment orders as the ledger issues them, and as the read model has them."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec

from events.outbound import PaymentOrderIssued
from tests.builders import BUDGET, IBAN, SIRET, a_line


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
