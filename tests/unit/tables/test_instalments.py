"""Rules 18 and 19: what sets an instalment off, and to the day when it is due."""

from dataclasses import dataclass
from typing import Any

import pytest

from tests.builders import (
    Json,
    Scenario,
    a_convention,
    a_new_account,
    a_report,
    a_vote,
    an_act,
    an_amount,
    an_award,
    an_instalment,
)
from tests.unit.tables.rows import AWARDED, Row, check, each_row, read_table, reader_of

ACTIVITY, ACCOUNTS = ("activity_report", 2022), ("certified_accounts", 2022)
ADVANCE = an_instalment(60_000)
BALANCE = an_instalment(40_000, "balance", documents=[ACTIVITY, ACCOUNTS])


def signed(*instalments: Json, **more: Any) -> Json:
    return a_convention(instalments=list(instalments), **more)


def accounts(**more: Any) -> Json:
    return a_report("certified_accounts", **more)


BY_NOTIFICATION = signed(an_instalment(trigger="notification"))

read_rows = reader_of(globals())

TRIGGER_ROWS = read_rows("""
    the advance is ordered at signature, the balance waits for its documents
        AWARDED; signed ADVANCE BALANCE
        => 489 for C: 100_000 = 40_000 committed + 60_000 ordered; C/advance issued 60_000
    one of two documents is not enough
        AWARDED; signed ADVANCE BALANCE; report
        => 489 for C: 100_000 = 40_000 committed + 60_000 ordered; C/advance issued 60_000
    the same document twice is not two
        AWARDED; signed ADVANCE BALANCE; report; report, id copy
        => 489 for C: 100_000 = 40_000 committed + 60_000 ordered; C/advance issued 60_000
    the second document completes the balance
        AWARDED; signed ADVANCE BALANCE; report; report certified_accounts 2022
        => 489 for C: 100_000 ordered; C/advance issued 60_000; C/balance issued 40_000; no entries
    documents may come in any order
        AWARDED; signed ADVANCE BALANCE; report certified_accounts 2022; report
        => 489 for C: 100_000 ordered; C/advance issued 60_000; C/balance issued 40_000
    a document of another year does not count
        AWARDED; signed ADVANCE BALANCE; report certified_accounts 2022; report activity_report 2023
        => 489 for C: 100_000 = 40_000 committed + 60_000 ordered; C/advance issued 60_000
    a document of another kind does not count
        AWARDED; signed ADVANCE BALANCE; report certified_accounts 2022;
        report financial_report 2022
        => 489 for C: 100_000 = 40_000 committed + 60_000 ordered; C/advance issued 60_000
    a notification does not set off what waits for reports
        AWARDED; signed ADVANCE BALANCE; notification
        => 489 for C: 100_000 = 40_000 committed + 60_000 ordered; C/advance issued 60_000
    what waits for the notification is not ordered at signature
        AWARDED; BY_NOTIFICATION
        => 489 for C: 100_000 committed
    the notification sets it off
        AWARDED; BY_NOTIFICATION; notification
        => 489 for C: 100_000 ordered; C/advance issued 100_000
    a second notification sets nothing off twice
        AWARDED; BY_NOTIFICATION; notification; notification, id again
        => 489 for C: 100_000 ordered; C/advance issued 100_000
    documents that came before the bank account are not lost
        AWARDED; signed ADVANCE BALANCE, no bank_account; report; report certified_accounts 2022;
        new account
        => 489 for C: 100_000 ordered; C/advance issued 60_000; C/balance issued 40_000
    a department whose code and amount read like a document and its year
        vote 2_022; award 2_022;
        convention [advance 2_022 (activity_report 2_022) against activity_report 2022]; report
        => 489 for C: 2_022 ordered; C/advance issued 2_022
""")


@dataclass(frozen=True)
class Due:
    """Events, and the day on which each order that they led to is due."""

    says: str
    events: list[Json]
    due_on: dict[str, str]


def read_row(says: str, events: list[Json], expected: str) -> Due:
    """Read `C/advance due 2023-07-14; …`."""
    return Due(says, events, dict(each.split(" due ") for each in expected.split("; ")))


DUE = read_table(
    """
    60 days after the signature
        convention, signed_on 2023-05-15
        => C/advance due 2023-07-14
    60 days in a winter without 29 February
        convention, signed_on 2023-01-01
        => C/advance due 2023-03-02
    60 days in a winter with 29 February
        convention, signed_on 2024-01-01
        => C/advance due 2024-03-01
    60 days after the notification, not after the signature
        BY_NOTIFICATION; notification, notified_on 2023-05-20
        => C/advance due 2023-07-19
    the first notification counts
        BY_NOTIFICATION; notification, notified_on 2023-05-20;
        notification, notified_on 2023-06-20, id again
        => C/advance due 2023-07-19
    60 days after the latest of the documents
        signed BALANCE; report; report certified_accounts 2022, received_on 2023-06-29
        => C/balance due 2023-08-28
    the latest by its own day, though it was recorded first
        signed BALANCE; report certified_accounts 2022, received_on 2023-06-29; report
        => C/balance due 2023-08-28
    a later document that the instalment does not list moves nothing
        signed BALANCE; report; report evaluation 2022, received_on 2023-07-31;
        report certified_accounts 2022, received_on 2023-06-29
        => C/balance due 2023-08-28
    waiting for a bank account does not move the day
        signed ADVANCE BALANCE, no bank_account; report, received_on 2023-06-26;
        report certified_accounts 2022, received_on 2023-06-29;
        new account, effective_on 2023-09-30, time 2023-09-30T12:00:00+02:00
        => C/advance due 2023-07-14; C/balance due 2023-08-28
    an event that is recorded late does not move the day
        convention, signed_on 2023-05-15, time 2023-12-01T12:00:00+01:00
        => C/advance due 2023-07-14
""",
    globals(),
    read_row,
)

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
