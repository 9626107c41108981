"""Payments of returns against those of the ledger, and events in the treasury's name."""

from typing import Any

import pytest

from events.payments import PaymentExecuted
from services.treasury.store.tables import outbox, own_events
from tests.builders import BUDGET, Json, a_payment, an_acknowledgement, encoded
from tests.treasury.books import NOW
from tests.treasury.test_reconcile import Rows, reconciled

OF_TREASURY: Json = {"_source": "urn:ecluse:treasury"}


def returned(*payments: tuple[str, int, int], order: str = "C/advance") -> list[Json]:
    """Rows of payments that returns have: the id, the line, the cents."""
    return [
        {
            "event_id": name,
            "budget": BUDGET,
            "payment_order": order,
            "event_type": PaymentExecuted.TYPE,
            "facts": {"line": line, "amount_cents": cents},
            "made_at": NOW,
        }
        for name, line, cents in payments
    ]


def paid(name: str, cents: int, **more: Any) -> Json:
    """A payment that the ledger has, made of a return."""
    return a_payment(cents, _id=name, **{**OF_TREASURY, **more})


def sent(*events: Json) -> list[Json]:
    """Rows of the outbox: the events as the treasury sent them."""
    return [
        {
            "message_id": each["id"],
            "topic": "ecluse.events.v1",
            "budget": BUDGET,
            "value": encoded(each),
            "made_at": NOW,
            "sent_at": NOW,
        }
        for each in events
    ]


def taken(name: str, on: str = "2023-05-22") -> Json:
    """The accountant's answer, made of a return."""
    return an_acknowledgement(on=on, _id=name, **OF_TREASURY)


UNSENT = [
    {
        "message_id": "b",
        "topic": "ecluse.events.v1",
        "budget": BUDGET,
        "value": b"{}",
        "made_at": NOW,
    }
]


@pytest.mark.parametrize(
    ("rows", "events", "expected"),
    [
        pytest.param({}, [a_payment(70)], [], id="payments without returns"),
        pytest.param(
            {own_events: returned(("a", 1, 60), ("b", 2, 40))},
            [paid("a", 60), paid("b", 40)],
            [],
            id="both have the same",
        ),
        pytest.param(
            {own_events: returned(("a", 1, 60), ("b", 2, 40))},
            [paid("a", 60)],
            [{"kind": "not_in_ledger", "order": "C/advance", "found": 40}],
            id="the ledger has not one",
        ),
        pytest.param(
            {own_events: returned(("a", 1, 60), ("b", 2, 40))},
            [paid("a", 60), a_payment(40, _id="b")],
            [
                {"kind": "not_in_ledger", "order": "C/advance", "found": 40},
                {"kind": "in_no_return", "order": "C/advance", "expected": 40, "records": (5,)},
            ],
            id="somebody else has sent it",
        ),
        pytest.param(
            {own_events: returned(("a", 1, 60), ("b", 2, 40)), outbox: UNSENT},
            [paid("a", 60)],
            [],
            id="it waits to be sent",
        ),
        pytest.param(
            {own_events: returned(("a", 1, 60))},
            [paid("a", 60), a_payment(40)],
            [{"kind": "in_no_return", "order": "C/advance", "expected": 40, "records": (5,)}],
            id="no return has one",
        ),
        pytest.param(
            {own_events: returned(("a", 2, 40))},
            [paid("a", 40)],
            [
                {
                    "kind": "paid_on_another_line",
                    "operation": operation,
                    "order": "C/advance",
                    "expected": by_ledger,
                    "found": by_accountant,
                    "records": (4,),
                }
                for operation, by_ledger, by_accountant in (("489", 40, 0), ("490", 0, 40))
            ],
            id="the accountant paid the second line first",
        ),
        pytest.param(
            {own_events: returned(("a", 2, 40), ("b", 1, 60))},
            [paid("a", 40), paid("b", 60)],
            [],
            id="once all is paid, lines agree",
        ),
    ],
)
def test_returns_and_ledger_have_the_same_payments(
    rows: Rows, events: list[Json], expected: list[Json], treasury_in_files: str
) -> None:
    assert expected == reconciled(treasury_in_files, *events, rows=rows)


@pytest.mark.parametrize(
    ("rows", "events", "expected"),
    [
        pytest.param(
            {own_events: returned(("a", 1, 60)), outbox: sent(paid("a", 60))},
            [paid("a", 60)],
            [],
            id="the payment that the treasury sent",
        ),
        pytest.param(
            {},
            [paid("x", 60)],
            [{"kind": "foreign_event", "order": "C/advance", "records": (4,)}],
            id="a payment that no return has, of an order without returns",
        ),
        pytest.param(
            {},
            [taken("x")],
            [{"kind": "foreign_event", "order": "C/advance", "records": (4,)}],
            id="an answer that no return has",
        ),
        pytest.param(
            {own_events: returned(("a", 1, 60)), outbox: sent(paid("a", 60))},
            [paid("a", 70), paid("a", 60)],
            [
                {"kind": "event_differs", "order": "C/advance", "records": (4,)},
                {"kind": "not_in_ledger", "order": "C/advance", "found": 60},
            ],
            id="its id was predicted, and another payment came first",
        ),
        pytest.param(
            {own_events: returned(("a", 1, 60)), outbox: sent(taken("a"))},
            [taken("a", on="2023-05-24"), taken("a")],
            [
                {"kind": "event_differs", "order": "C/advance", "records": (4,)},
                {"kind": "not_in_ledger", "order": "C/advance", "found": 60},
            ],
            id="another answer came first",
        ),
        pytest.param(
            {own_events: returned(("a", 1, 60)), outbox: sent(paid("a", 60))},
            [paid("a", 60), paid("a", 70)],
            [],
            id="the other payment came later, and was refused",
        ),
    ],
)
def test_what_others_write_in_the_treasurys_name_is_found(
    rows: Rows, events: list[Json], expected: list[Json], treasury_in_files: str
) -> None:
    """Whoever may write the topic of events may name any source; the ledger knows no principal."""
    assert expected == reconciled(treasury_in_files, *events, rows=rows)
