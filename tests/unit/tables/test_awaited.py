"""What is awaited of a grant and its conventions, and what for: a row for each condition."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest

from services.ledger.domain.awaited import Awaited, awaited_of, awaited_of_grant
from tests.builders import (
    BUDGET,
    NEXT_BUDGET,
    SIRET,
    Json,
    Scenario,
    a_closing,
    a_collection,
    a_concurring_act,
    a_convention,
    a_new_account,
    a_notification,
    a_payment,
    a_recovery,
    a_rejected_report,
    a_report,
    a_resumption,
    a_suspension,
    a_termination,
    a_vote,
    a_withdrawal,
    an_acknowledgement,
    an_award,
    an_instalment,
)

Seen = tuple[str, str, int | None, str | None, list[str]]
"""What, its id, cents, the day it is due, and what it waits for."""

AWARDED = [a_vote(10_000_000), an_award(100)]
BALANCE = an_instalment(
    40, "balance", documents=[("activity_report", 2022), ("certified_accounts", 2022)]
)
HALVES = [*AWARDED, a_convention(instalments=[an_instalment(60), BALANCE])]
DOCUMENTS = ["document activity_report/2022", "document certified_accounts/2022"]
ISSUED: Seen = ("payment_order", "C/advance", 60, "2023-07-14", ["acknowledgement C/advance"])
ISSUED_WHOLE: Seen = (
    "payment_order",
    "C/advance",
    100,
    "2023-07-14",
    ["acknowledgement C/advance"],
)
WAITS: Seen = ("instalment", "balance", 40, None, DOCUMENTS)
NO_ACCOUNT = [*AWARDED, a_convention(100, bank_account=...)]
REJECTED = an_acknowledgement("rejected")
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


AWAITED = [
    Row(
        "a grant waits for its award, where another assembly was first",
        [a_concurring_act()],
        [
            ("grant", "G", None, None, ["award G"]),
        ],
    ),
    Row(
        "an award waits for a convention, with all that it reserved",
        AWARDED,
        [
            ("grant", "G", 100, None, ["signature G"]),
        ],
    ),
    Row(
        "an order waits for the accountant, a balance for each of its documents",
        HALVES,
        [
            ISSUED,
            WAITS,
        ],
    ),
    Row(
        "a document that came is waited for no more",
        [*HALVES, a_report()],
        [ISSUED, ("instalment", "balance", 40, None, DOCUMENTS[1:])],
    ),
    Row(
        "one that was rejected is waited for again",
        [*HALVES, a_report(), a_rejected_report()],
        [ISSUED, WAITS],
    ),
    Row(
        "an order that was taken in charge waits for its payment",
        [*HALVES, an_acknowledgement()],
        [("payment_order", "C/advance", 60, "2023-07-14", ["payment C/advance"]), WAITS],
    ),
    Row(
        "one on hold waits for its release",
        [*HALVES, an_acknowledgement("on_hold")],
        [("payment_order", "C/advance", 60, "2023-07-14", ["release C/advance"]), WAITS],
    ),
    Row(
        "of one that was paid in part the rest is awaited",
        [*HALVES, an_acknowledgement(), a_payment(25)],
        [("payment_order", "C/advance", 35, "2023-07-14", ["payment C/advance"]), WAITS],
    ),
    Row("nothing is awaited of what was paid", [*HALVES, a_payment(60)], [WAITS]),
    Row(
        "an instalment whose trigger is met waits for a bank account, its day running",
        NO_ACCOUNT,
        [("instalment", "advance", 100, "2023-07-14", [f"bank_account {SIRET}"])],
    ),
    Row(
        "one may wait for several things at once",
        [
            *AWARDED,
            a_convention(
                instalments=[an_instalment(100, trigger="notification")], bank_account=...
            ),
            a_suspension(),
        ],
        [
            (
                "instalment",
                "advance",
                100,
                None,
                ["notification C", f"bank_account {SIRET}", "resumption C"],
            )
        ],
    ),
    Row(
        "a rejected order waits for one of the events that issue it again",
        [*AWARDED, a_convention(100), REJECTED],
        [("instalment", "advance", 100, "2023-07-14", ["reissue C/advance"])],
    ),
    Row(
        "a second rejection is that of the second order",
        [
            *AWARDED,
            a_convention(100),
            REJECTED,
            a_new_account(),
            an_acknowledgement("rejected", "C/advance/2"),
        ],
        [("instalment", "advance", 100, "2023-07-14", ["reissue C/advance/2"])],
    ),
    Row(
        "suspended meanwhile, its resumption does it",
        [*AWARDED, a_convention(100), REJECTED, a_suspension()],
        [("instalment", "advance", 100, "2023-07-14", ["resumption C"])],
    ),
    Row(
        "resumed, it was issued again",
        [*AWARDED, a_convention(100), REJECTED, a_suspension(), a_resumption()],
        [("payment_order", "C/advance/2", 100, "2023-07-14", ["acknowledgement C/advance/2"])],
    ),
    Row(
        "above 23,000 € an award alone waits for a convention of its own",
        [a_vote(10_000_000), ALONE, BIG, a_new_account()],
        [
            ("instalment", "1", 100, "2023-06-11", ["signed_convention A"]),
            ("grant", "BIG", 2_300_000, None, ["signature BIG"]),
        ],
    ),
    Row(
        "once the sum has fallen back, for the next event that touches it",
        [a_vote(10_000_000), ALONE, BIG, a_new_account(), a_withdrawal(grant="BIG")],
        [("instalment", "1", 100, "2023-06-11", ["next_event A"])],
    ),
    Row(
        "money that is asked back waits for its return",
        [*AWARDED, a_convention(100), a_payment(100), a_recovery(30), a_collection(10)],
        [("recovery", "C/R", 20, None, ["collection C/R"])],
    ),
    Row(
        "what has come back is awaited no more",
        [*AWARDED, a_convention(100), a_payment(100), a_recovery(30), a_collection(30)],
    ),
    Row(
        "documents are owed by their day, whether or not money waits for them",
        [*AWARDED, OBLIGED, a_payment(100), a_report(year=2023)],
        [
            (
                "obligation",
                "financial_report/2023",
                None,
                "2024-06-30",
                ["document financial_report/2023"],
            )
        ],
    ),
    Row(
        "of a terminated one as well, as long as anything of it stays paid",
        [*AWARDED, OBLIGED, a_payment(100), a_report(year=2023), a_termination()],
        [
            (
                "obligation",
                "financial_report/2023",
                None,
                "2024-06-30",
                ["document financial_report/2023"],
            )
        ],
    ),
    Row(
        "of which nothing was paid it owes nothing",
        [*AWARDED, OBLIGED, a_termination()],
        [ISSUED_WHOLE],
    ),
    Row(
        "of a closed year, which takes its reports",
        [*AWARDED, OBLIGED, a_payment(1), an_acknowledgement(), a_closing()],
        [
            ("payment_order", "C/advance", 99, "2023-07-14", ["payment C/advance"]),
            *(
                ("obligation", f"{each}/2023", None, "2024-06-30", [f"document {each}/2023"])
                for each in ("activity_report", "financial_report")
            ),
        ],
    ),
    Row(
        "of a terminated convention only its open order is awaited",
        [*HALVES, a_termination()],
        [ISSUED],
    ),
    Row("of a withdrawn grant nothing", [*AWARDED, a_withdrawal()]),
    Row(
        "of a closed year only the orders that are still open",
        [*HALVES, an_acknowledgement(), a_closing()],
        [("payment_order", "C/advance", 60, "2023-07-14", ["payment C/advance"])],
    ),
    Row("a grant that was never signed has lapsed with its year", [*AWARDED, a_closing()]),
]


def each(rows: Iterable[Row]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("row", rows, ids=lambda row: row.says)


def seen(awaited: Awaited) -> Seen:
    subject, name, _, cents, due_on, wants = awaited
    day = None if due_on is None else due_on.isoformat()
    return subject, name, cents, day, [f"{want.kind} {want.id}" for want in wants]


def all_awaited(scenario: Scenario, budget: str = BUDGET) -> list[Seen]:
    book = scenario.ledger.budgets[budget].book
    found = [one for each in book.conventions.values() for one in awaited_of(book, each)]
    return list(
        map(seen, found + [one for name in book.grants for one in awaited_of_grant(book, name)])
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
    assert [] == list(awaited_of_grant(Scenario(*AWARDED).book, "H"))


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
