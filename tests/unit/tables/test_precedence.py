"""Which refusal wins where one event could meet two: the order of the rules."""

from typing import Any

from services.ledger.domain.model.answers import Refusal
from tests.builders import (
    SIRET,
    Json,
    Scenario,
    a_convention,
    a_report,
    a_vote,
    a_withdrawal,
    an_amendment,
    an_award,
    an_instalment,
)
from tests.unit.tables.rows import (
    AWARDED,
    REPORT,
    SIGNED,
    Row,
    check_precedence,
    each_row,
    facts_of,
    reader_of,
)


def alone(amount_cents: int, **more: Any) -> Json:
    return an_award(amount_cents, requires_convention=False, **more)


LIMIT = {"siret": SIRET, "total_cents": 2_300_001, "limit_cents": 2_300_000}
CONVENTION_G = [
    a_vote(),
    an_award(grant="H"),
    a_convention(grant="H", convention="G", bank_account=...),
]

read_rows = reader_of(globals())

EVENT_ROWS = [
    *read_rows("""
    another vote under the id of the first, in a closed year
        vote; closing none; vote 200_000
        => refused fiscal_year_closed before event_id_reused: budget 21590350100017-00-2023;
           489: 100_000 available
    a second initial vote in a closed year
        vote; closing none; vote, id again
        => refused fiscal_year_closed before budget_already_voted: budget 21590350100017-00-2023;
           489: 100_000 available
    a closing that names an unknown convention while an order is outstanding
        AWARDED; convention; closing [D]
        => refused unknown_convention before orders_outstanding: convention D;
           489 for C: 100_000 ordered; C/advance issued 100_000
    a closing under a known id that names an unknown convention
        vote; closing [D], id budget.voted/initial
        => refused event_id_reused before unknown_convention: event_id budget.voted/initial;
           489: 100_000 available
    a second initial vote under the id of the first
        vote; vote 200_000
        => refused event_id_reused before budget_already_voted: event_id budget.voted/initial;
           489: 100_000 available
    a payment of an unknown order under a known id
        vote; payment, id budget.voted/initial
        => refused event_id_reused before unknown_payment_order: event_id budget.voted/initial;
           489: 100_000 available
    a second award under the id of the first
        AWARDED; award 1
        => refused event_id_reused before grant_already_awarded: event_id
           deliberation.adopted/G/award; 489: 100_000 reserved
    a known number under a known id
        AWARDED; convention, no bank_account; convention 1, no bank_account
        => refused event_id_reused before convention_exists: event_id convention.signed/G/C;
           489 for C: 100_000 committed
    an award above the credit under a known id
        vote; award 100_001, id budget.voted/initial
        => refused event_id_reused before insufficient_credit: event_id budget.voted/initial;
           489: 100_000 available
    one report too many under a known id
        THOUSAND; report, received_on 2023-06-27, id 'report 7'
        => refused event_id_reused before too_many_parked: event_id 'report 7'; no money
    a second award without convention: its reference stands for one
        vote; award 60_000, without convention; award 40_000, without convention, id again
        => refused grant_already_awarded before convention_exists: grant G;
           489: 100_000 = 40_000 available + 60_000 committed; G on 489: 60_000 remaining
    a second award above the credit
        AWARDED; award 1, id again
        => refused grant_already_awarded before insufficient_credit: grant G; 489: 100_000 reserved
    a known number for another body
        AWARDED; convention, no bank_account;
        convention, beneficiary {name 'Mission Locale', siret '21590350100017'}, id again
        => refused convention_exists before beneficiary_differs: convention C;
           489 for C: 100_000 committed
    a grant without convention under a known number, its schedule above its lines
        CONVENTION_G; award 1, without convention, instalments [advance 2]
        => refused convention_exists before exceeds_award: convention G;
           489 for G: 100_000 committed
    a grant without convention under a known number, above 23,000 €
        CONVENTION_G; award 2_300_001, without convention
        => refused convention_exists before convention_required: convention G;
           489 for G: 100_000 committed
    """),
    Row(
        "a known number on an unknown grant, where a thousand wait",
        [
            *AWARDED,
            a_convention(bank_account=...),
            *(a_report(convention="D", _id=f"report {number}") for number in range(1_000)),
            a_convention(grant="H"),
        ],
        "refused convention_exists before too_many_parked: convention C; "
        "489 for C: 100_000 committed",
    ),
    *read_rows("""
    a convention for another body, above the award
        AWARDED; convention 100_001, beneficiary {name 'Mission Locale', siret '21590350100017'}
        => refused beneficiary_differs before exceeds_award: award '37887770800040',
           convention '21590350100017'; 489: 100_000 reserved
    too much is paid on a rejected order
        AWARDED; convention; C/advance rejected; payment 100_001
        => refused payment_order_closed before overpayment: payment_order C/advance, state rejected;
           489 for C: 100_000 committed; C/advance rejected 100_000
    a grant without convention above 23,000 €, its schedule above its lines
        vote; award 2_300_001, without convention, instalments [advance 2_300_002]
        => refused exceeds_award before convention_required: convention G, line 489,
           award_cents 2_300_001, asked_cents 2_300_002; 489: 100_000 available
    a grant without convention above the credit, its schedule above its lines
        vote; award 100_001, without convention, instalments [advance 100_002]
        => refused exceeds_award before insufficient_credit: convention G, line 489,
           award_cents 100_001, asked_cents 100_002; 489: 100_000 available
    a grant without convention above 23,000 € and above the credit
        vote; award 2_300_001, without convention
        => refused convention_required before insufficient_credit: siret '37887770800040',
           total_cents 2_300_001, limit_cents 2_300_000; 489: 100_000 available
    above 23,000 € before the vote, where a thousand wait: needs no vote to be refused
        THOUSAND; award 2_300_001, without convention
        => refused convention_required before too_many_parked: siret '37887770800040',
           total_cents 2_300_001, limit_cents 2_300_000; no money
    """),
]


PRECEDENCE = [
    "fiscal_year_closed",
    "event_id_reused",
    "budget_already_voted",
    "unknown_payment_order",
    "unknown_convention",
    "unknown_record",
    "not_parked",
    "grant_already_awarded",
    "grant_withdrawn",
    "convention_exists",
    "beneficiary_differs",
    "convention_terminated",
    "wrong_state",
    "payment_order_closed",
    "orders_outstanding",
    "overpayment",
    "recovery_exceeds",
    "exceeds_award",
    "below_ordered",
    "convention_required",
    "insufficient_credit",
    "dependency_missing",
    "too_many_parked",
]
"""The rules' own chapter on precedence: the codes that this step's events can reach."""


def test_rule_28_a_refusal_is_found_before_the_event_is_parked() -> None:
    """Rule 28: parking is decided after the checks that need no missing thing."""
    too_large = alone(2_300_001)
    scenario = Scenario(too_large)
    assert ("convention_required", LIMIT) == (scenario.answer(), facts_of(scenario))
    scenario.tell(a_convention(grant="unknown"))
    assert "waits for grant unknown" == scenario.answer()


def test_the_refusals_are_those_of_the_rules_in_their_order() -> None:
    assert PRECEDENCE == [str(code) for code in Refusal]


WITHDRAWN = [*SIGNED, a_withdrawal()]
ALONE = [
    a_vote(2_000_000),
    an_award(
        2_000_000,
        requires_convention=False,
        instalments=[an_instalment(2_000_000, "1", documents=REPORT)],
    ),
]


def amended(cents: int, name: str = "advance", **more: Any) -> Json:
    return an_amendment(instalments=[an_instalment(cents, name, documents=REPORT)], **more)


WAITS = a_convention(instalments=[an_instalment(100, documents=REPORT)])
UNORDERED = [a_vote(100), an_award(100), WAITS]

TURN_ROWS = read_rows("""
    a known number on a grant that fell
        WITHDRAWN; convention 100, id again
        => refused grant_withdrawn before convention_exists: grant G; 489 for C: 100 available;
           C/advance cancelled 100
    another body on a grant that fell
        WITHDRAWN;
        convention 1, convention D, beneficiary {name 'Mission Locale', siret '21590350100017'}
        => refused grant_withdrawn before beneficiary_differs: grant G; 489 for C: 100 available;
           C/advance cancelled 100
    a convention on a grant that fell: nothing is left of the award
        WITHDRAWN; convention 1, convention D
        => refused grant_withdrawn before exceeds_award: grant G; 489 for C: 100 available;
           C/advance cancelled 100
    a new award above 23,000 € on a grant that fell
        WITHDRAWN; award 2_300_001, without convention, id again
        => refused grant_withdrawn before convention_required: grant G; 489 for C: 100 available;
           C/advance cancelled 100
    a new award above the credit on a grant that fell
        WITHDRAWN; award 101, id again
        => refused grant_withdrawn before insufficient_credit: grant G; 489 for C: 100 available;
           C/advance cancelled 100
    a terminated convention resumes, and was not suspended
        SIGNED; termination; resumption
        => refused convention_terminated before wrong_state: convention C; 489 for C: 100 ordered;
           C/advance issued 100
    an amendment of a terminated convention, above the award
        SIGNED; termination; amendment [advance 101 against activity_report 2022]
        => refused convention_terminated before exceeds_award: convention C; 489 for C: 100 ordered;
           C/advance issued 100
    a reduction of a terminated convention, of which nothing remains
        SIGNED; termination; reduction 1
        => refused convention_terminated before below_ordered: convention C; 489 for C: 100 ordered;
           C/advance issued 100
    an amendment names an order, and is above the award
        SIGNED; amendment [advance 1 against activity_report 2022]
        => refused exceeds_award before below_ordered: convention C, line 489, award_cents 0,
           asked_cents 1; 489 for C: 100 ordered; C/advance issued 100
    an amendment without act above award and credit
        UNORDERED; amendment [advance 101 against activity_report 2022]
        => refused exceeds_award before insufficient_credit: convention C, line 489,
           award_cents 100, asked_cents 101; 489 for C: 100 committed
    an amendment with act names an order, and is above the credit
        SIGNED; amendment [advance 1 against activity_report 2022], act 2023-09-01
        => refused below_ordered before insufficient_credit: convention C, instalment advance,
           remaining_cents 0, asked_cents 1; 489 for C: 100 ordered; C/advance issued 100
    an act raises a grant without convention above 23,000 € and above the credit
        ALONE;
        amendment [advance 2_300_001 against activity_report 2022], convention G, act 2023-09-01
        => refused convention_required before insufficient_credit: siret '37887770800040',
           total_cents 2_300_001, limit_cents 2_300_000; 489 for G: 2_000_000 committed
""")
"""Each row could be refused for the second reason as well; the first is given."""


ROWS = [*EVENT_ROWS, *TURN_ROWS]


@each_row(ROWS)
def test_of_two_refusals_the_one_that_comes_first_is_given(row: Row) -> None:
    check_precedence(row)
