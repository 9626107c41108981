"""Which refusal wins: closed years, known ids, taken grants and numbers; and what never waits."""

from collections.abc import Iterator
from typing import Any

import pytest

from services.ledger.domain.model.answers import Refusal
from tests.builders import (
    SIRET,
    Json,
    Scenario,
    a_closing,
    a_new_account,
    a_vote,
    an_amendment,
    an_award,
    an_instalment,
)
from tests.unit.tables import test_precedence
from tests.unit.tables.rows import (
    ACT,
    AWARDED,
    REPORT,
    THOUSAND,
    Row,
    check_precedence,
    each_row,
    facts_of,
    reader_of,
)

CLOSED_YEAR = [*AWARDED, a_closing("none")]


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

read_rows = reader_of(globals())

ROWS = read_rows("""
    a payment of an order that never was, in a closed year
        CLOSED_YEAR; payment
        => refused fiscal_year_closed before unknown_payment_order: budget 21590350100017-00-2023;
           489: 100_000 available
    a closing that names an unknown convention, in a closed year
        CLOSED_YEAR; closing [D], id again
        => refused fiscal_year_closed before unknown_convention: budget 21590350100017-00-2023;
           489: 100_000 available
    a second award, in a closed year
        CLOSED_YEAR; award, id again
        => refused fiscal_year_closed before grant_already_awarded: budget 21590350100017-00-2023;
           489: 100_000 available
    an award above the credit, in a closed year
        CLOSED_YEAR; award 100_001, grant H
        => refused fiscal_year_closed before insufficient_credit: budget 21590350100017-00-2023;
           489: 100_000 available
    a payment of an order that never was, where a thousand wait: nobody waits for orders
        THOUSAND; payment
        => refused unknown_payment_order before too_many_parked: payment_order C/advance; no money
    a closing that names an unknown convention, where a thousand wait
        THOUSAND; closing [D]
        => refused unknown_convention before too_many_parked: convention D; no money
    a second award without convention, its schedule above its lines
        AWARDED; award 1, without convention, instalments [advance 2], id again
        => refused grant_already_awarded before exceeds_award: grant G; 489: 100_000 reserved
    a second award without convention, above 23,000 €
        AWARDED; award 2_300_001, without convention, id again
        => refused grant_already_awarded before convention_required: grant G; 489: 100_000 reserved
    a grant without convention under a known number, above the credit
        vote; award, grant H; convention, convention G, grant H, no bank_account;
        award 1, without convention
        => refused convention_exists before insufficient_credit: convention G;
           489 for G: 100_000 committed
    an act would raise a grant that is terminated above 23,000 €
        vote 9_000_000; award 2_000_000, without convention,
        instalments [advance 2_000_000 against activity_report 2022]; termination, convention G;
        amended 2_300_001
        => refused convention_terminated before convention_required: convention G;
           489: 9_000_000 available; G on 489: 2_000_000 released
    an act would raise a grant that is terminated above the credit
        WAITING_ALONE; termination, convention G; amended 2_000_001
        => refused convention_terminated before insufficient_credit: convention G;
           489 for G: 2_000_000 available
    before the vote, its schedule above its lines, where a thousand wait
        THOUSAND; award 1, without convention, instalments [advance 2]
        => refused exceeds_award before too_many_parked: convention G, line 489, award_cents 1,
           asked_cents 2; no money
    an amendment names what is ordered, and its act raises the grant above 23,000 €
        ORDERED_ALONE; amended 300_001 '1'
        => refused below_ordered before convention_required: convention G, instalment '1',
           remaining_cents 0, asked_cents 300_001; 489 for G: 2_000_000 ordered;
           G/1 issued 2_000_000
""")


@each_row(ROWS)
def test_of_two_refusals_the_one_that_comes_first_is_given(row: Row) -> None:
    check_precedence(row)


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
    for table in (test_precedence.ROWS, ROWS):
        for row in table:
            behind = order.index(row.outcome.answer) > order.index("event_id_reused")
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
