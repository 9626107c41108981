"""Review flags that follow from an event's own words, in journals written by hand."""

import pytest

from tests.builders import (
    Scenario,
    a_collection,
    a_convention,
    a_recovery,
    a_vote,
    an_award,
    an_instalment,
)
from tests.verifier.by_hand import REVENUE, ByHand, a_move, flagged
from tests.verifier.settled import PAID

YEARS: list[tuple[str, int | None, list[int], list[int], list[int] | None]] = [
    ("a plan alone may ask for several years", None, [], [2022, 2023], None),
    ("the award names one of them", 2022, [], [2022, 2023], None),
    ("the award names none of them", 2021, [], [2022, 2023], [2022, 2023]),
    ("the text names another than the award", 2022, [2023], [], [2023]),
    ("the text names one beside the plan's", None, [2021], [2022], [2021, 2022]),
    ("the text names two of the plan's", None, [2022, 2023], [2022, 2023], [2022, 2023]),
    ("award, text and plan name one", 2022, [2022], [2022], None),
    ("without documents one year is enough", 2022, [2022], [], None),
]


@pytest.mark.parametrize(
    ("awarded", "stated", "documents", "differing"),
    [row[1:] for row in YEARS],
    ids=[row[0] for row in YEARS],
)
def test_condition_year_differs_where_the_words_of_the_acts_do(
    awarded: int | None, stated: list[int], documents: list[int], differing: list[int] | None
) -> None:
    award = an_award(conditions_year=awarded if awarded is not None else ...)
    owed = [("activity_report", year) for year in documents]
    schedule = [
        an_instalment(name="later", documents=owed)
        if owed
        else an_instalment(name="later", trigger="notification")
    ]
    signed = a_convention(instalments=schedule, stated_condition_years=stated or ...)
    moves = [a_move("reserved committed", 100_000)]
    facts = {"deliberation": awarded, "convention": differing}
    raised = flagged("condition_year_differs", **facts)
    right, wrong = (raised, {}) if differing else ({}, raised)
    for members, codes in ((right, set()), (wrong, {"flag_differs"})):
        journal = ByHand(Scenario(a_vote(), award)).tell(signed, moves, **members)
        assert codes == journal.codes()


def test_recovery_is_revenue_where_it_comes_after_the_year() -> None:
    for day, members, codes in (
        ("2024-01-01", REVENUE, set()),
        ("2024-01-01", {}, {"flag_differs"}),
        ("2023-12-31", REVENUE, {"flag_differs"}),
    ):
        moves = [a_move("paid available", 500)] if day < "2024" else []
        journal = ByHand(Scenario(*PAID, a_recovery(500)))
        assert codes == journal.tell(a_collection(500, on=day), moves, **members).codes()
