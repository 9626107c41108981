"""Which refusal wins: closed years, known ids, taken grants and numbers; and what never waits."""

from collections.abc import Iterator
from typing import Any

import pytest

from services.ledger.domain.model.refusals import Refusal
from tests.builders import (
    BUDGET,
    SIRET,
    Json,
    Scenario,
    a_closing,
    a_convention,
    a_line,
    a_new_account,
    a_payment,
    a_report,
    a_termination,
    a_vote,
    an_act,
    an_amendment,
    an_award,
    an_instalment,
)
from tests.unit.tables import test_precedence, test_precedence_of_turns
from tests.unit.tables.rows import (
    Money,
    Row,
    check_pair,
    each_pair,
    each_row,
    facts_of,
    on_one_line,
)

CLOSED: Json = {"budget": BUDGET}
GRANT: Json = {"grant": "G"}
AWARDED = [a_vote(), an_award()]
CLOSED_YEAR = [*AWARDED, a_closing("none")]
VOTED = on_one_line(100_000, available=100_000)
RESERVED = on_one_line(100_000, reserved=100_000)
THOUSAND = [a_report(_id=f"report {number}") for number in range(1_000)]
ACT = an_act("2023-09-01")
REPORT = [("activity_report", 2022)]


def alone(cents: int, **more: Any) -> Json:
    return an_award(cents, requires_convention=False, **more)


def amended(cents: int, name: str = "advance") -> Json:
    """An amendment with an act, so that it may go beyond the award."""
    return an_amendment(
        convention="G", act=ACT, instalments=[an_instalment(cents, name, documents=REPORT)]
    )


WAITING_ALONE = [
    a_vote(2_000_000),
    alone(2_000_000, instalments=[an_instalment(2_000_000, documents=REPORT)]),
]
ORDERED_ALONE = [a_vote(2_000_000), alone(2_000_000), a_new_account()]

# Each row could be refused for the second reason as well; the first is given.
PAIRS: list[tuple[Refusal, Refusal, Row]] = [
    (
        Refusal.FISCAL_YEAR_CLOSED,
        Refusal.UNKNOWN_PAYMENT_ORDER,
        Row(
            "a payment of an order that never was, in a closed year",
            [*CLOSED_YEAR, a_payment()],
            "fiscal_year_closed",
            VOTED,
            facts=CLOSED,
        ),
    ),
    (
        Refusal.FISCAL_YEAR_CLOSED,
        Refusal.UNKNOWN_CONVENTION,
        Row(
            "a closing that names an unknown convention, in a closed year",
            [*CLOSED_YEAR, a_closing(["D"], _id="again")],
            "fiscal_year_closed",
            VOTED,
            facts=CLOSED,
        ),
    ),
    (
        Refusal.FISCAL_YEAR_CLOSED,
        Refusal.GRANT_ALREADY_AWARDED,
        Row(
            "a second award, in a closed year",
            [*CLOSED_YEAR, an_award(_id="again")],
            "fiscal_year_closed",
            VOTED,
            facts=CLOSED,
        ),
    ),
    (
        Refusal.FISCAL_YEAR_CLOSED,
        Refusal.INSUFFICIENT_CREDIT,
        Row(
            "an award above the credit, in a closed year",
            [*CLOSED_YEAR, an_award(100_001, grant="H")],
            "fiscal_year_closed",
            VOTED,
            facts=CLOSED,
        ),
    ),
    (
        Refusal.UNKNOWN_PAYMENT_ORDER,
        Refusal.TOO_MANY_PARKED,
        Row(
            "a payment of an order that never was, where a thousand wait: nobody waits for orders",
            [*THOUSAND, a_payment()],
            "unknown_payment_order",
            Money(),
            facts={"payment_order": "C/advance"},
        ),
    ),
    (
        Refusal.UNKNOWN_CONVENTION,
        Refusal.TOO_MANY_PARKED,
        Row(
            "a closing that names an unknown convention, where a thousand wait",
            [*THOUSAND, a_closing(["D"])],
            "unknown_convention",
            Money(),
            facts={"convention": "D"},
        ),
    ),
    (
        Refusal.GRANT_ALREADY_AWARDED,
        Refusal.EXCEEDS_AWARD,
        Row(
            "a second award without convention, its schedule above its lines",
            [*AWARDED, alone(1, instalments=[an_instalment(2)], _id="again")],
            "grant_already_awarded",
            RESERVED,
            facts=GRANT,
        ),
    ),
    (
        Refusal.GRANT_ALREADY_AWARDED,
        Refusal.CONVENTION_REQUIRED,
        Row(
            "a second award without convention, above 23,000 €",
            [*AWARDED, alone(2_300_001, _id="again")],
            "grant_already_awarded",
            RESERVED,
            facts=GRANT,
        ),
    ),
    (
        Refusal.CONVENTION_EXISTS,
        Refusal.INSUFFICIENT_CREDIT,
        Row(
            "a grant without convention under a known number, above the credit",
            [
                a_vote(),
                an_award(grant="H"),
                a_convention(grant="H", convention="G", bank_account=...),
                alone(1),
            ],
            "convention_exists",
            on_one_line(
                100_000, {"granted": 100_000, "remaining": 100_000}, {}, "G", committed=100_000
            ),
            facts={"convention": "G"},
        ),
    ),
    (
        Refusal.CONVENTION_TERMINATED,
        Refusal.CONVENTION_REQUIRED,
        Row(
            "an act would raise a grant that is terminated above 23,000 €",
            [
                a_vote(9_000_000),
                *WAITING_ALONE[1:],
                a_termination(convention="G"),
                amended(2_300_001),
            ],
            "convention_terminated",
            on_one_line(
                9_000_000,
                {"granted": 2_000_000, "released": 2_000_000},
                {},
                "G",
                available=9_000_000,
            ),
            facts={"convention": "G"},
        ),
    ),
    (
        Refusal.CONVENTION_TERMINATED,
        Refusal.INSUFFICIENT_CREDIT,
        Row(
            "an act would raise a grant that is terminated above the credit",
            [*WAITING_ALONE, a_termination(convention="G"), amended(2_000_001)],
            "convention_terminated",
            on_one_line(
                2_000_000,
                {"granted": 2_000_000, "released": 2_000_000},
                {},
                "G",
                available=2_000_000,
            ),
            facts={"convention": "G"},
        ),
    ),
    (
        Refusal.EXCEEDS_AWARD,
        Refusal.TOO_MANY_PARKED,
        Row(
            "before the vote, its schedule above its lines, where a thousand wait",
            [*THOUSAND, alone(1, instalments=[an_instalment(2)])],
            "exceeds_award",
            Money(),
            facts={"convention": "G", "line": a_line(), "award_cents": 1, "asked_cents": 2},
        ),
    ),
    (
        Refusal.BELOW_ORDERED,
        Refusal.CONVENTION_REQUIRED,
        Row(
            "an amendment names what is ordered, and its act raises the grant above 23,000 €",
            [*ORDERED_ALONE, amended(300_001, "1")],
            "below_ordered",
            on_one_line(
                2_000_000,
                {"granted": 2_000_000, "ordered": 2_000_000},
                {"G/1": ("issued", 2_000_000, 0)},
                "G",
                ordered=2_000_000,
            ),
            facts={
                "convention": "G",
                "instalment": "1",
                "remaining_cents": 0,
                "asked_cents": 300_001,
            },
        ),
    ),
]

ROWS = [row for _, _, row in PAIRS]


@each_pair(PAIRS)
def test_of_two_refusals_the_one_that_comes_first_is_given(
    first: Refusal, second: Refusal, row: Row
) -> None:
    check_pair(first, second, row)


@pytest.mark.parametrize(
    ("award", "second", "facts"),
    [
        (
            alone(2_300_001, grant="H"),
            "convention_required",
            {"siret": SIRET, "total_cents": 2_400_001, "limit_cents": 2_300_000},
        ),
        (
            an_award(2, grant="H"),
            "insufficient_credit",
            {
                "level": "chapter",
                "group": "65",
                "available_cents": 0,
                "asked_cents": 2,
                "shortfall_cents": 2,
            },
        ),
    ],
)
def test_the_second_refusal_is_what_another_grant_meets(
    award: Json, second: str, facts: Json
) -> None:
    """The rows above would prove nothing if their second reason were none."""
    scenario = Scenario(*AWARDED, award)
    assert (second, facts) == (scenario.answer(), facts_of(scenario))


def refused() -> Iterator[Row]:
    """Every row on precedence whose answer comes after `event_id_reused`, in few events."""
    order = [str(code) for code in Refusal]
    for table in (test_precedence.ROWS, test_precedence_of_turns.ROWS, ROWS):
        for row in table:
            behind = order.index(row.answer) > order.index("event_id_reused")
            if behind and len(row.events) < len(THOUSAND):
                yield row


@each_row(list(refused()))
def test_whatever_is_wrong_with_it_a_known_id_is_said_first(row: Row) -> None:
    """Who an event is comes before what it asks: the same event under the id of the first."""
    *before, last = row.events
    scenario = Scenario(*before, last | {"id": before[0]["id"]})
    assert ("event_id_reused", {"event_id": before[0]["id"]}) == (
        scenario.answer(),
        facts_of(scenario),
    )
