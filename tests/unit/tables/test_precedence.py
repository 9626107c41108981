"""Which refusal wins where one event could meet two: the order of the rules."""

from typing import Any

from services.ledger.domain.model.refusals import Refusal
from tests.builders import (
    BUDGET,
    OTHER_BODY,
    SIRET,
    Json,
    Scenario,
    a_closing,
    a_convention,
    a_line,
    a_payment,
    a_report,
    a_vote,
    an_acknowledgement,
    an_award,
    an_instalment,
)
from tests.unit.tables.rows import Money, Row, check_pair, each_pair, facts_of

VOTED = Money({"489": {"appropriated": 100_000, "available": 100_000}})
RESERVED = Money({"489": {"appropriated": 100_000, "reserved": 100_000}})
COMMITTED = Money(
    {"489": {"appropriated": 100_000, "committed": 100_000}},
    {"C": {"489": {"granted": 100_000, "remaining": 100_000}}},
)
REJECTED = Money(COMMITTED.lines, COMMITTED.conventions, {"C/advance": ("rejected", 100_000, 0)})
AWARDED = [a_vote(), an_award()]
ELSEWHERE = {"name": "Mission Locale", "siret": OTHER_BODY}


def alone(amount_cents: int, **more: Any) -> Json:
    return an_award(amount_cents, requires_convention=False, **more)


def exceeds(award_cents: int, asked_cents: int, convention: str = "C") -> Json:
    return {
        "convention": convention,
        "line": a_line(),
        "award_cents": award_cents,
        "asked_cents": asked_cents,
    }


def reused(event_id: str) -> Json:
    return {"event_id": event_id}


LIMIT = {"siret": SIRET, "total_cents": 2_300_001, "limit_cents": 2_300_000}
CONVENTION_G = [
    a_vote(),
    an_award(grant="H"),
    a_convention(grant="H", convention="G", bank_account=...),
]
COMMITTED_G = Money(COMMITTED.lines, {"G": COMMITTED.conventions["C"]})
THOUSAND = [a_report(_id=f"report {number}") for number in range(1_000)]

# Each row could be refused for the second reason as well; the first is given.
PAIRS: list[tuple[Refusal, Refusal, Row]] = [
    (
        Refusal.FISCAL_YEAR_CLOSED,
        Refusal.EVENT_ID_REUSED,
        Row(
            "another vote under the id of the first, in a closed year",
            [a_vote(), a_closing("none"), a_vote(200_000)],
            "fiscal_year_closed",
            VOTED,
            facts={"budget": BUDGET},
        ),
    ),
    (
        Refusal.FISCAL_YEAR_CLOSED,
        Refusal.BUDGET_ALREADY_VOTED,
        Row(
            "a second initial vote in a closed year",
            [a_vote(), a_closing("none"), a_vote(_id="again")],
            "fiscal_year_closed",
            VOTED,
            facts={"budget": BUDGET},
        ),
    ),
    (
        Refusal.UNKNOWN_CONVENTION,
        Refusal.ORDERS_OUTSTANDING,
        Row(
            "a closing that names an unknown convention while an order is outstanding",
            [*AWARDED, a_convention(), a_closing(["D"])],
            "unknown_convention",
            Money(
                {"489": {"appropriated": 100_000, "ordered": 100_000}},
                {"C": {"489": {"granted": 100_000, "ordered": 100_000}}},
                {"C/advance": ("issued", 100_000, 0)},
            ),
            facts={"convention": "D"},
        ),
    ),
    (
        Refusal.EVENT_ID_REUSED,
        Refusal.UNKNOWN_CONVENTION,
        Row(
            "a closing under a known id that names an unknown convention",
            [a_vote(), a_closing(["D"], _id="budget.voted/initial")],
            "event_id_reused",
            VOTED,
            facts=reused("budget.voted/initial"),
        ),
    ),
    (
        Refusal.EVENT_ID_REUSED,
        Refusal.BUDGET_ALREADY_VOTED,
        Row(
            "a second initial vote under the id of the first",
            [a_vote(), a_vote(200_000)],
            "event_id_reused",
            VOTED,
            facts=reused("budget.voted/initial"),
        ),
    ),
    (
        Refusal.EVENT_ID_REUSED,
        Refusal.UNKNOWN_PAYMENT_ORDER,
        Row(
            "a payment of an unknown order under a known id",
            [a_vote(), a_payment(_id="budget.voted/initial")],
            "event_id_reused",
            VOTED,
            facts=reused("budget.voted/initial"),
        ),
    ),
    (
        Refusal.EVENT_ID_REUSED,
        Refusal.GRANT_ALREADY_AWARDED,
        Row(
            "a second award under the id of the first",
            [*AWARDED, an_award(1)],
            "event_id_reused",
            RESERVED,
            facts=reused("deliberation.adopted/G/award"),
        ),
    ),
    (
        Refusal.EVENT_ID_REUSED,
        Refusal.CONVENTION_EXISTS,
        Row(
            "a known number under a known id",
            [*AWARDED, a_convention(bank_account=...), a_convention(1, bank_account=...)],
            "event_id_reused",
            COMMITTED,
            facts=reused("convention.signed/G/C"),
        ),
    ),
    (
        Refusal.EVENT_ID_REUSED,
        Refusal.INSUFFICIENT_CREDIT,
        Row(
            "an award above the credit under a known id",
            [a_vote(), an_award(100_001, _id="budget.voted/initial")],
            "event_id_reused",
            VOTED,
            facts=reused("budget.voted/initial"),
        ),
    ),
    (
        Refusal.EVENT_ID_REUSED,
        Refusal.TOO_MANY_PARKED,
        Row(
            "one report too many under a known id",
            [*THOUSAND, a_report(_id="report 7", received_on="2023-06-27")],
            "event_id_reused",
            Money(),
            facts=reused("report 7"),
        ),
    ),
    (
        Refusal.GRANT_ALREADY_AWARDED,
        Refusal.CONVENTION_EXISTS,
        Row(
            "a second award without convention: its reference stands for one",
            [a_vote(), alone(60_000), alone(40_000, _id="again")],
            "grant_already_awarded",
            Money(
                {"489": {"appropriated": 100_000, "available": 40_000, "committed": 60_000}},
                {"G": {"489": {"granted": 60_000, "remaining": 60_000}}},
            ),
            facts={"grant": "G"},
        ),
    ),
    (
        Refusal.GRANT_ALREADY_AWARDED,
        Refusal.INSUFFICIENT_CREDIT,
        Row(
            "a second award above the credit",
            [*AWARDED, an_award(1, _id="again")],
            "grant_already_awarded",
            RESERVED,
            facts={"grant": "G"},
        ),
    ),
    (
        Refusal.CONVENTION_EXISTS,
        Refusal.BENEFICIARY_DIFFERS,
        Row(
            "a known number for another body",
            [
                *AWARDED,
                a_convention(bank_account=...),
                a_convention(beneficiary=ELSEWHERE, _id="again"),
            ],
            "convention_exists",
            COMMITTED,
            facts={"convention": "C"},
        ),
    ),
    (
        Refusal.CONVENTION_EXISTS,
        Refusal.EXCEEDS_AWARD,
        Row(
            "a grant without convention under a known number, its schedule above its lines",
            [*CONVENTION_G, alone(1, instalments=[an_instalment(2)])],
            "convention_exists",
            COMMITTED_G,
            facts={"convention": "G"},
        ),
    ),
    (
        Refusal.CONVENTION_EXISTS,
        Refusal.CONVENTION_REQUIRED,
        Row(
            "a grant without convention under a known number, above 23,000 €",
            [*CONVENTION_G, alone(2_300_001)],
            "convention_exists",
            COMMITTED_G,
            facts={"convention": "G"},
        ),
    ),
    (
        Refusal.CONVENTION_EXISTS,
        Refusal.TOO_MANY_PARKED,
        Row(
            "a known number on an unknown grant, where a thousand wait",
            [
                *AWARDED,
                a_convention(bank_account=...),
                *(a_report(convention="D", _id=f"report {number}") for number in range(1_000)),
                a_convention(grant="H"),
            ],
            "convention_exists",
            COMMITTED,
            facts={"convention": "C"},
        ),
    ),
    (
        Refusal.BENEFICIARY_DIFFERS,
        Refusal.EXCEEDS_AWARD,
        Row(
            "a convention for another body, above the award",
            [*AWARDED, a_convention(100_001, beneficiary=ELSEWHERE)],
            "beneficiary_differs",
            RESERVED,
            facts={"award": SIRET, "convention": OTHER_BODY},
        ),
    ),
    (
        Refusal.PAYMENT_ORDER_CLOSED,
        Refusal.OVERPAYMENT,
        Row(
            "too much is paid on a rejected order",
            [*AWARDED, a_convention(), an_acknowledgement("rejected"), a_payment(100_001)],
            "payment_order_closed",
            REJECTED,
            facts={"payment_order": "C/advance", "state": "rejected"},
        ),
    ),
    (
        Refusal.EXCEEDS_AWARD,
        Refusal.CONVENTION_REQUIRED,
        Row(
            "a grant without convention above 23,000 €, its schedule above its lines",
            [a_vote(), alone(2_300_001, instalments=[an_instalment(2_300_002)])],
            "exceeds_award",
            VOTED,
            facts=exceeds(2_300_001, 2_300_002, "G"),
        ),
    ),
    (
        Refusal.EXCEEDS_AWARD,
        Refusal.INSUFFICIENT_CREDIT,
        Row(
            "a grant without convention above the credit, its schedule above its lines",
            [a_vote(), alone(100_001, instalments=[an_instalment(100_002)])],
            "exceeds_award",
            VOTED,
            facts=exceeds(100_001, 100_002, "G"),
        ),
    ),
    (
        Refusal.CONVENTION_REQUIRED,
        Refusal.INSUFFICIENT_CREDIT,
        Row(
            "a grant without convention above 23,000 € and above the credit",
            [a_vote(), alone(2_300_001)],
            "convention_required",
            VOTED,
            facts=LIMIT,
        ),
    ),
    (
        Refusal.CONVENTION_REQUIRED,
        Refusal.TOO_MANY_PARKED,
        Row(
            "above 23,000 € before the vote, where a thousand wait: needs no vote to be refused",
            [*THOUSAND, alone(2_300_001)],
            "convention_required",
            Money(),
            facts=LIMIT,
        ),
    ),
]

ROWS = [row for _, _, row in PAIRS]
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


@each_pair(PAIRS)
def test_of_two_refusals_the_one_that_comes_first_is_given(
    first: Refusal, second: Refusal, row: Row
) -> None:
    check_pair(first, second, row)


def test_rule_28_a_refusal_is_found_before_the_event_is_parked() -> None:
    """Rule 28: parking is decided after the checks that need no missing thing."""
    too_large = alone(2_300_001)
    scenario = Scenario(too_large)
    assert ("convention_required", LIMIT) == (scenario.answer(), facts_of(scenario))
    scenario.tell(a_convention(grant="unknown"))
    assert "waits for grant unknown" == scenario.answer()


def test_the_refusals_are_those_of_the_rules_in_their_order() -> None:
    assert PRECEDENCE == [str(code) for code in Refusal]
