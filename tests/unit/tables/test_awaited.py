"""What is awaited of a grant and its conventions, and what for: a row for each condition."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest

from services.ledger.domain.awaited import AwaitedItem, list_awaited, list_awaited_of_grant
from tests.builders import (
    BUDGET,
    NEXT_BUDGET,
    SIRET,
    Json,
    Scenario,
    a_closing,
    a_convention,
    a_new_account,
    a_notification,
    a_report,
    a_resumption,
    a_vote,
    an_acknowledgement,
    an_award,
    an_instalment,
)
from tests.unit.tables.rows import read_table

Seen = tuple[str, str, int | None, str | None, list[str]]
"""What, its id, cents, the day it is due, and what it waits for."""

AWARDED = [a_vote(10_000_000), an_award(100)]
BALANCE = an_instalment(
    40, "balance", documents=[("activity_report", 2022), ("certified_accounts", 2022)]
)
HALVES = [*AWARDED, a_convention(instalments=[an_instalment(60), BALANCE])]
DOCUMENTS = ["document activity_report/2022", "document certified_accounts/2022"]
WAITS: Seen = ("instalment", "balance", 40, None, DOCUMENTS)
NO_ACCOUNT = [*AWARDED, a_convention(100, bank_account=...)]
ALONE = an_award(100, grant="A", requires_convention=False)
BIG = an_award(2_300_000, grant="BIG")
OBLIGED = a_convention(
    100,
    obligations=[
        {"kind": "activity_report", "year": 2023, "due_on": "2024-06-30"},
        {"kind": "financial_report", "year": 2023, "due_on": "2024-06-30"},
    ],
)


@dataclass(frozen=True)
class Row:
    """Events, and what is awaited once they are decided."""

    says: str
    events: list[Json]
    awaited: list[Seen] = field(default_factory=list)


AWAITED_LINE = re.compile(r"(\w+) (\S+)(?: ([\d_]+))?(?: due (\S+))?: (.+)")


def read_row(says: str, events: list[Json], expected: str) -> Row:
    """Read `instalment balance 40 due 2023-07-14: resumption C, …; …`, or `nothing`."""
    awaited = []
    for line in [] if expected == "nothing" else expected.split("; "):
        match = AWAITED_LINE.fullmatch(line)
        assert match is not None, line
        kind, name, cents, due_on, wants = match.groups()
        awaited.append((kind, name, int(cents) if cents else None, due_on, wants.split(", ")))
    return Row(says, events, awaited)


def read_rows(text: str) -> list[Row]:
    return read_table(text, globals(), read_row)


AWAITED = read_rows("""
    a grant waits for its award, where another assembly was first
        concurring act
        => grant G: award G
    an award waits for a convention, with all that it reserved
        AWARDED
        => grant G 100: signature G
    an order waits for the accountant, a balance for each of its documents
        HALVES
        => payment_order C/advance 60 due 2023-07-14: acknowledgement C/advance;
           instalment balance 40: document activity_report/2022, document certified_accounts/2022
    a document that came is waited for no more
        HALVES; report
        => payment_order C/advance 60 due 2023-07-14: acknowledgement C/advance;
           instalment balance 40: document certified_accounts/2022
    one that was rejected is waited for again
        HALVES; report; rejected report
        => payment_order C/advance 60 due 2023-07-14: acknowledgement C/advance;
           instalment balance 40: document activity_report/2022, document certified_accounts/2022
    an order that was taken in charge waits for its payment
        HALVES; C/advance taken_in_charge
        => payment_order C/advance 60 due 2023-07-14: payment C/advance;
           instalment balance 40: document activity_report/2022, document certified_accounts/2022
    one on hold waits for its release
        HALVES; C/advance on_hold
        => payment_order C/advance 60 due 2023-07-14: release C/advance;
           instalment balance 40: document activity_report/2022, document certified_accounts/2022
    of one that was paid in part the rest is awaited
        HALVES; C/advance taken_in_charge; payment 25
        => payment_order C/advance 35 due 2023-07-14: payment C/advance;
           instalment balance 40: document activity_report/2022, document certified_accounts/2022
    nothing is awaited of what was paid
        HALVES; payment 60
        => instalment balance 40: document activity_report/2022, document certified_accounts/2022
    an instalment whose trigger is met waits for a bank account, its day running
        NO_ACCOUNT
        => instalment advance 100 due 2023-07-14: bank_account 37887770800040
    one may wait for several things at once
        AWARDED; convention [advance 100 at notification], no bank_account; suspension
        => instalment advance 100: notification C, bank_account 37887770800040, resumption C
    a rejected order waits for one of the events that issue it again
        AWARDED; convention 100; C/advance rejected
        => instalment advance 100 due 2023-07-14: reissue C/advance
    a second rejection is that of the second order
        AWARDED; convention 100; C/advance rejected; new account; C/advance/2 rejected
        => instalment advance 100 due 2023-07-14: reissue C/advance/2
    suspended meanwhile, its resumption does it
        AWARDED; convention 100; C/advance rejected; suspension
        => instalment advance 100 due 2023-07-14: resumption C
    resumed, it was issued again
        AWARDED; convention 100; C/advance rejected; suspension; resumption
        => payment_order C/advance/2 100 due 2023-07-14: acknowledgement C/advance/2
    above 23,000 € an award alone waits for a convention of its own
        vote 10_000_000; ALONE; BIG; new account
        => instalment 1 100 due 2023-06-11: signed_convention A; grant BIG 2_300_000: signature BIG
    once the sum has fallen back, for the next event that touches it
        vote 10_000_000; ALONE; BIG; new account; withdrawal, grant BIG
        => instalment 1 100 due 2023-06-11: next_event A
    money that is asked back waits for its return
        AWARDED; convention 100; payment 100; recovery 30; collection 10
        => recovery C/R 20: collection C/R
    what has come back is awaited no more
        AWARDED; convention 100; payment 100; recovery 30; collection 30
        => nothing
    documents are owed by their day, whether or not money waits for them
        AWARDED; OBLIGED; payment 100; report activity_report 2023
        => obligation financial_report/2023 due 2024-06-30: document financial_report/2023
    of a terminated one as well, as long as anything of it stays paid
        AWARDED; OBLIGED; payment 100; report activity_report 2023; termination
        => obligation financial_report/2023 due 2024-06-30: document financial_report/2023
    of which nothing was paid it owes nothing
        AWARDED; OBLIGED; termination
        => payment_order C/advance 100 due 2023-07-14: acknowledgement C/advance
    of a closed year, which takes its reports
        AWARDED; OBLIGED; payment 1; C/advance taken_in_charge; closing none
        => payment_order C/advance 99 due 2023-07-14: payment C/advance;
           obligation activity_report/2023 due 2024-06-30: document activity_report/2023;
           obligation financial_report/2023 due 2024-06-30: document financial_report/2023
    of a terminated convention only its open order is awaited
        HALVES; termination
        => payment_order C/advance 60 due 2023-07-14: acknowledgement C/advance
    of a withdrawn grant nothing
        AWARDED; withdrawal
        => nothing
    of a closed year only the orders that are still open
        HALVES; C/advance taken_in_charge; closing none
        => payment_order C/advance 60 due 2023-07-14: payment C/advance
    a grant that was never signed has lapsed with its year
        AWARDED; closing none
        => nothing
""")


def each(rows: Iterable[Row]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("row", rows, ids=lambda row: row.says)


def seen(awaited: AwaitedItem) -> Seen:
    subject, name, _, cents, due_on, wants = awaited
    day = None if due_on is None else due_on.isoformat()
    return subject, name, cents, day, [f"{want.kind} {want.id}" for want in wants]


def all_awaited(scenario: Scenario, budget: str = BUDGET) -> list[Seen]:
    book = scenario.ledger.budgets[budget].book
    found = [one for each in book.conventions.values() for one in list_awaited(book, each)]
    return list(
        map(
            seen, found + [one for name in book.grants for one in list_awaited_of_grant(book, name)]
        )
    )


@each(AWAITED)
def test_what_is_awaited_and_what_for(row: Row) -> None:
    assert row.awaited == all_awaited(Scenario(*row.events))


def test_what_is_carried_over_is_awaited_in_its_new_year() -> None:
    """The advance was ordered by the year before, and is awaited there."""
    scenario = Scenario(*HALVES, an_acknowledgement(), a_closing("all"))
    scenario.deliver()
    assert [("payment_order", "C/advance", 60, "2023-07-14", ["payment C/advance"])] == all_awaited(
        scenario
    )
    assert [WAITS] == all_awaited(scenario, NEXT_BUDGET)


def test_a_grant_that_nobody_named_awaits_nothing() -> None:
    assert [] == list(list_awaited_of_grant(Scenario(*AWARDED).book, "H"))


BRINGING = {
    f"bank_account {SIRET}": a_new_account(_id="brought"),
    "document certified_accounts/2022": a_report("certified_accounts", _id="brought"),
    "resumption C": a_resumption(_id="brought"),
    "reissue C/advance": a_new_account(_id="brought"),
    "reissue C/advance/2": a_new_account(_id="brought"),
    "next_event A": a_notification(convention="A", _id="brought"),
}
"""What an instalment may wait for, and an event that is just that."""

ONE_IS_MISSING = [
    row
    for row in AWAITED
    if any(kind == "instalment" and wants[0] in BRINGING for kind, *_, wants in row.awaited)
    and all(len(wants) == 1 for *_, wants in row.awaited)
]


@each(ONE_IS_MISSING)
def test_what_waits_for_one_thing_alone_is_ordered_when_that_comes(row: Row) -> None:
    """The conditions are those of the ledger: an event that meets the last of them issues."""
    (waiting,) = (each for each in row.awaited if each[0] == "instalment")
    _, name, cents, due_on, (want,) = waiting
    scenario = Scenario(*row.events, BRINGING[want])
    (issued,) = scenario.last.payment_orders
    order = issued.order
    assert (name, cents) == (order.instalment, order.amount_cents)
    assert due_on in {None, order.due_on.isoformat()}, "a day that was reported is kept"


def test_each_thing_that_may_be_brought_was() -> None:
    waited = {wants[0] for row in ONE_IS_MISSING for kind, *_, wants in row.awaited}
    assert BRINGING.keys() <= waited
