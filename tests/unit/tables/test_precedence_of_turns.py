"""Which refusal wins where a turn in a grant's life could meet two: the order of the rules."""

from typing import Any

from services.ledger.domain.model.refusals import Refusal
from tests.builders import (
    OTHER_BODY,
    SIRET,
    Json,
    a_convention,
    a_line,
    a_reduction,
    a_resumption,
    a_termination,
    a_vote,
    a_withdrawal,
    an_act,
    an_amendment,
    an_award,
    an_instalment,
)
from tests.unit.tables.rows import (
    SIGNED,
    Money,
    Row,
    check_pair,
    each_pair,
    on_one_line,
    stands,
)

ISSUED = stands(ordered=100, advance=("issued", 100, 0))
FALLEN = on_one_line(
    100, {"granted": 100, "released": 100}, {"C/advance": ("cancelled", 100, 0)}, available=100
)
WITHDRAWN = [*SIGNED, a_withdrawal()]
ELSEWHERE = {"name": "Mission Locale", "siret": OTHER_BODY}
ACT = an_act("2023-09-01")
REPORT = [("activity_report", 2022)]
ALONE = [
    a_vote(2_000_000),
    an_award(
        2_000_000,
        requires_convention=False,
        instalments=[an_instalment(2_000_000, "1", documents=REPORT)],
    ),
]
COMMITTED = on_one_line(
    2_000_000, {"granted": 2_000_000, "remaining": 2_000_000}, {}, "G", committed=2_000_000
)


def amended(cents: int, name: str = "advance", **more: Any) -> Json:
    return an_amendment(instalments=[an_instalment(cents, name, documents=REPORT)], **more)


def exceeds(award_cents: int, asked_cents: int) -> Json:
    return {
        "convention": "C",
        "line": a_line(),
        "award_cents": award_cents,
        "asked_cents": asked_cents,
    }


def below(asked_cents: int) -> Json:
    named = {"convention": "C", "instalment": "advance"}
    return named | {"remaining_cents": 0, "asked_cents": asked_cents}


def row(says: str, events: list[Json], answer: Refusal, money: Money, facts: Json) -> Row:
    return Row(says, events, answer.value, money, facts=facts)


GRANT, ENDED = {"grant": "G"}, {"convention": "C"}
WAITS = a_convention(instalments=[an_instalment(100, documents=REPORT)])
UNORDERED = [a_vote(100), an_award(100), WAITS]
REMAINING = on_one_line(100, {"granted": 100, "remaining": 100}, committed=100)

PAIRS: list[tuple[Refusal, Refusal, Row]] = [
    (
        Refusal.GRANT_WITHDRAWN,
        Refusal.CONVENTION_EXISTS,
        row(
            "a known number on a grant that fell",
            [*WITHDRAWN, a_convention(100, _id="again")],
            Refusal.GRANT_WITHDRAWN,
            FALLEN,
            GRANT,
        ),
    ),
    (
        Refusal.GRANT_WITHDRAWN,
        Refusal.BENEFICIARY_DIFFERS,
        row(
            "another body on a grant that fell",
            [*WITHDRAWN, a_convention(1, convention="D", beneficiary=ELSEWHERE)],
            Refusal.GRANT_WITHDRAWN,
            FALLEN,
            GRANT,
        ),
    ),
    (
        Refusal.GRANT_WITHDRAWN,
        Refusal.EXCEEDS_AWARD,
        row(
            "a convention on a grant that fell: nothing is left of the award",
            [*WITHDRAWN, a_convention(1, convention="D")],
            Refusal.GRANT_WITHDRAWN,
            FALLEN,
            GRANT,
        ),
    ),
    (
        Refusal.GRANT_WITHDRAWN,
        Refusal.CONVENTION_REQUIRED,
        row(
            "a new award above 23,000 € on a grant that fell",
            [*WITHDRAWN, an_award(2_300_001, requires_convention=False, _id="again")],
            Refusal.GRANT_WITHDRAWN,
            FALLEN,
            GRANT,
        ),
    ),
    (
        Refusal.GRANT_WITHDRAWN,
        Refusal.INSUFFICIENT_CREDIT,
        row(
            "a new award above the credit on a grant that fell",
            [*WITHDRAWN, an_award(101, _id="again")],
            Refusal.GRANT_WITHDRAWN,
            FALLEN,
            GRANT,
        ),
    ),
    (
        Refusal.CONVENTION_TERMINATED,
        Refusal.WRONG_STATE,
        row(
            "a terminated convention resumes, and was not suspended",
            [*SIGNED, a_termination(), a_resumption()],
            Refusal.CONVENTION_TERMINATED,
            ISSUED,
            ENDED,
        ),
    ),
    (
        Refusal.CONVENTION_TERMINATED,
        Refusal.EXCEEDS_AWARD,
        row(
            "an amendment of a terminated convention, above the award",
            [*SIGNED, a_termination(), amended(101)],
            Refusal.CONVENTION_TERMINATED,
            ISSUED,
            ENDED,
        ),
    ),
    (
        Refusal.CONVENTION_TERMINATED,
        Refusal.BELOW_ORDERED,
        row(
            "a reduction of a terminated convention, of which nothing remains",
            [*SIGNED, a_termination(), a_reduction(1)],
            Refusal.CONVENTION_TERMINATED,
            ISSUED,
            ENDED,
        ),
    ),
    (
        Refusal.EXCEEDS_AWARD,
        Refusal.BELOW_ORDERED,
        row(
            "an amendment names an order, and is above the award",
            [*SIGNED, amended(1)],
            Refusal.EXCEEDS_AWARD,
            ISSUED,
            exceeds(0, 1),
        ),
    ),
    (
        Refusal.EXCEEDS_AWARD,
        Refusal.INSUFFICIENT_CREDIT,
        row(
            "an amendment without act above award and credit",
            [*UNORDERED, amended(101)],
            Refusal.EXCEEDS_AWARD,
            REMAINING,
            exceeds(100, 101),
        ),
    ),
    (
        Refusal.BELOW_ORDERED,
        Refusal.INSUFFICIENT_CREDIT,
        row(
            "an amendment with act names an order, and is above the credit",
            [*SIGNED, amended(1, act=ACT)],
            Refusal.BELOW_ORDERED,
            ISSUED,
            below(1),
        ),
    ),
    (
        Refusal.CONVENTION_REQUIRED,
        Refusal.INSUFFICIENT_CREDIT,
        row(
            "an act raises a grant without convention above 23,000 € and above the credit",
            [*ALONE, amended(2_300_001, convention="G", act=ACT)],
            Refusal.CONVENTION_REQUIRED,
            COMMITTED,
            {"siret": SIRET, "total_cents": 2_300_001, "limit_cents": 2_300_000},
        ),
    ),
]
"""Each row could be refused for the second reason as well; the first is given."""

ROWS = [each for _, _, each in PAIRS]


@each_pair(PAIRS)
def test_of_two_refusals_the_one_that_comes_first_is_given(
    first: Refusal, second: Refusal, row: Row
) -> None:
    check_pair(first, second, row)
