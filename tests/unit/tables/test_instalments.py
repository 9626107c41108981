"""Rules 18 and 19: what sets an instalment off, and to the day when it is due."""

from dataclasses import dataclass
from typing import Any

import pytest

from tests.builders import (
    Json,
    Scenario,
    a_convention,
    a_new_account,
    a_notification,
    a_report,
    a_vote,
    an_act,
    an_amount,
    an_award,
    an_instalment,
)
from tests.unit.tables.rows import Money, Row, check, each_row

AWARDED = [a_vote(), an_award()]
ACTIVITY, ACCOUNTS = ("activity_report", 2022), ("certified_accounts", 2022)
ADVANCE = an_instalment(60_000)
BALANCE = an_instalment(40_000, "balance", documents=[ACTIVITY, ACCOUNTS])


def signed(*instalments: Json, **more: Any) -> Json:
    return a_convention(instalments=list(instalments), **more)


def accounts(**more: Any) -> Json:
    return a_report("certified_accounts", **more)


def stands(ordered: int = 0, orders: dict[str, tuple[str, int, int]] | None = None) -> Money:
    """Of convention C over 100,000 so much is ordered, the rest still committed."""
    left = 100_000 - ordered
    line = {"appropriated": 100_000, "committed": left, "ordered": ordered}
    share = {"granted": 100_000, "remaining": left, "ordered": ordered}
    return Money(
        {"489": {name: cents for name, cents in line.items() if cents}},
        {"C": {"489": {name: cents for name, cents in share.items() if cents}}},
        orders or {},
    )


ADVANCE_ORDERED = stands(60_000, {"C/advance": ("issued", 60_000, 0)})
BOTH_ORDERED = stands(
    100_000, {"C/advance": ("issued", 60_000, 0), "C/balance": ("issued", 40_000, 0)}
)
BY_NOTIFICATION = signed(an_instalment(trigger="notification"))

TRIGGER_ROWS = [
    Row(
        "the advance is ordered at signature, the balance waits for its documents",
        [*AWARDED, signed(ADVANCE, BALANCE)],
        "accepted",
        ADVANCE_ORDERED,
    ),
    Row(
        "one of two documents is not enough",
        [*AWARDED, signed(ADVANCE, BALANCE), a_report()],
        "accepted",
        ADVANCE_ORDERED,
    ),
    Row(
        "the same document twice is not two",
        [*AWARDED, signed(ADVANCE, BALANCE), a_report(), a_report(_id="copy")],
        "accepted",
        ADVANCE_ORDERED,
    ),
    Row(
        "the second document completes the balance",
        [*AWARDED, signed(ADVANCE, BALANCE), a_report(), accounts()],
        "accepted",
        BOTH_ORDERED,
        entries=[],
    ),
    Row(
        "documents may come in any order",
        [*AWARDED, signed(ADVANCE, BALANCE), accounts(), a_report()],
        "accepted",
        BOTH_ORDERED,
    ),
    Row(
        "a document of another year does not count",
        [*AWARDED, signed(ADVANCE, BALANCE), accounts(), a_report(year=2023)],
        "accepted",
        ADVANCE_ORDERED,
    ),
    Row(
        "a document of another kind does not count",
        [*AWARDED, signed(ADVANCE, BALANCE), accounts(), a_report("financial_report")],
        "accepted",
        ADVANCE_ORDERED,
    ),
    Row(
        "a notification does not set off what waits for reports",
        [*AWARDED, signed(ADVANCE, BALANCE), a_notification()],
        "accepted",
        ADVANCE_ORDERED,
    ),
    Row(
        "what waits for the notification is not ordered at signature",
        [*AWARDED, BY_NOTIFICATION],
        "accepted",
        stands(),
    ),
    Row(
        "the notification sets it off",
        [*AWARDED, BY_NOTIFICATION, a_notification()],
        "accepted",
        stands(100_000, {"C/advance": ("issued", 100_000, 0)}),
    ),
    Row(
        "a second notification sets nothing off twice",
        [*AWARDED, BY_NOTIFICATION, a_notification(), a_notification(_id="again")],
        "accepted",
        stands(100_000, {"C/advance": ("issued", 100_000, 0)}),
    ),
    Row(
        "documents that came before the bank account are not lost",
        [
            *AWARDED,
            signed(ADVANCE, BALANCE, bank_account=...),
            a_report(),
            accounts(),
            a_new_account(),
        ],
        "accepted",
        BOTH_ORDERED,
    ),
    Row(
        "a department whose code and amount read like a document and its year",
        [
            a_vote(2022),
            an_award(2022),
            signed(
                an_instalment(
                    documents=[ACTIVITY],
                    lines=[an_amount(2022, services={"activity_report": 2022})],
                )
            ),
            a_report(),
        ],
        "accepted",
        Money(
            {"489": {"appropriated": 2022, "ordered": 2022}},
            {"C": {"489": {"granted": 2022, "ordered": 2022}}},
            {"C/advance": ("issued", 2022, 0)},
        ),
    ),
]


@dataclass(frozen=True)
class Due:
    """Events, and the day on which each order that they led to is due."""

    says: str
    events: list[Json]
    due_on: dict[str, str]


DUE = [
    Due("60 days after the signature", [signed(an_instalment())], {"C/advance": "2023-07-14"}),
    Due(
        "60 days in a winter without 29 February",
        [signed(an_instalment(), signed_on="2023-01-01")],
        {"C/advance": "2023-03-02"},
    ),
    Due(
        "60 days in a winter with 29 February",
        [signed(an_instalment(), signed_on="2024-01-01")],
        {"C/advance": "2024-03-01"},
    ),
    Due(
        "60 days after the notification, not after the signature",
        [BY_NOTIFICATION, a_notification(notified_on="2023-05-20")],
        {"C/advance": "2023-07-19"},
    ),
    Due(
        "the first notification counts",
        [
            BY_NOTIFICATION,
            a_notification(notified_on="2023-05-20"),
            a_notification(notified_on="2023-06-20", _id="again"),
        ],
        {"C/advance": "2023-07-19"},
    ),
    Due(
        "60 days after the latest of the documents",
        [signed(BALANCE), a_report(), accounts(received_on="2023-06-29")],
        {"C/balance": "2023-08-28"},
    ),
    Due(
        "the latest by its own day, though it was recorded first",
        [signed(BALANCE), accounts(received_on="2023-06-29"), a_report()],
        {"C/balance": "2023-08-28"},
    ),
    Due(
        "a later document that the instalment does not list moves nothing",
        [
            signed(BALANCE),
            a_report(),
            a_report("evaluation", received_on="2023-07-31"),
            accounts(received_on="2023-06-29"),
        ],
        {"C/balance": "2023-08-28"},
    ),
    Due(
        "waiting for a bank account does not move the day",
        [
            signed(ADVANCE, BALANCE, bank_account=...),
            a_report(received_on="2023-06-26"),
            accounts(received_on="2023-06-29"),
            a_new_account(effective_on="2023-09-30", _time="2023-09-30T12:00:00+02:00"),
        ],
        {"C/advance": "2023-07-14", "C/balance": "2023-08-28"},
    ),
    Due(
        "an event that is recorded late does not move the day",
        [signed(an_instalment(), signed_on="2023-05-15", _time="2023-12-01T12:00:00+01:00")],
        {"C/advance": "2023-07-14"},
    ),
]

ROWS = TRIGGER_ROWS


@each_row(TRIGGER_ROWS)
def test_rule_18_an_order_is_issued_by_the_event_that_completes_its_conditions(row: Row) -> None:
    check(row)


@pytest.mark.parametrize("row", DUE, ids=lambda row: row.says)
def test_rule_19_an_order_is_due_60_days_after_what_set_it_off(row: Due) -> None:
    scenario = Scenario(*AWARDED, *row.events)
    orders = scenario.summary()["payment_orders"]
    assert row.due_on == {each["payment_order"]: each["due_on"] for each in orders}


def test_rule_18_conventions_are_looked_at_in_order_of_signature_schedules_in_their_own() -> None:
    scenario = Scenario(
        a_vote(),
        an_award(grant="G2", lines=[an_amount(50_000)]),
        an_award(grant="G1", lines=[an_amount(50_000)], act=an_act()),
        # The first to be signed comes last by number and in the alphabet.
        a_convention(
            convention="Z",
            grant="G2",
            bank_account=...,
            instalments=[an_instalment(20_000, "second"), an_instalment(30_000, "first")],
        ),
        a_convention(50_000, convention="A", grant="G1", bank_account=...),
        a_new_account(),
    )
    issued = [change.order.payment_order for change in scenario.last.payment_orders]
    assert ["Z/second", "Z/first", "A/advance"] == issued
    assert {"appropriated": 100_000, "ordered": 100_000} == scenario.line()


def test_rule_18_the_order_stands_in_the_record_of_the_event_that_completed_it() -> None:
    scenario = Scenario(*AWARDED, signed(ADVANCE, BALANCE), a_report(), accounts())
    issued = [[change.order.payment_order for change in r.payment_orders] for r in scenario.records]
    assert [[], [], ["C/advance"], [], ["C/balance"]] == issued
