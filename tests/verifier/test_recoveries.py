"""Rules 13, 27 and 28: on which lines recoveries fall, and by which name; written by hand."""

import pytest

from tests.builders import (
    NEXT_BUDGET,
    Json,
    Scenario,
    a_closing,
    a_collection,
    a_convention,
    a_new_account,
    a_notification,
    a_payment,
    a_recovery,
    a_report,
    a_vote,
    an_acknowledgement,
    an_amount,
    an_award,
    an_instalment,
)
from tests.verifier.by_hand import REVENUE, ByHand, a_move, refused, waits_for
from tests.verifier.settled import ABOVE, FOR_THE_REST, NEXT, OF_THE_OLD_ORDER, PAID
from tests.verifier.test_settled import back, for_the_rest

THREE_LINES = [an_amount(300, operation) for operation in ("489", "490", "491")]
PAID_ON_THREE = [
    a_vote(lines=..., appropriations=THREE_LINES),
    an_award(lines=THREE_LINES),
    a_convention(instalments=[an_instalment(lines=THREE_LINES)]),
    a_payment(900),
]
LAST_LINE = a_collection(lines=[an_amount(300, "491")], recovery="S", _id="last line")
OF_S: Json = {"recovery": "S", "_id": "S"}
ON_TWO = a_recovery(lines=THREE_LINES[:2], **OF_S)
ON_ONE = a_recovery(lines=THREE_LINES[:1], **OF_S)


SUMS: list[tuple[str, list[Json], Json, list[Json]]] = [
    (
        "first on the line that it named",
        [*PAID, a_recovery(lines=[an_amount(300, "490")])],
        a_collection(250),
        [back(250, "490")],
    ),
    (
        "beyond what it named, on the others in their order",
        [*PAID, a_recovery(lines=[an_amount(300, "490")]), a_recovery(200, _id="more")],
        a_collection(500),
        [back(200), back(300, "490")],
    ),
    (
        "what named a line and came back on it is not named again",
        [
            *PAID,
            a_recovery(lines=[an_amount(300, "490")]),
            a_recovery(200, _id="more"),
            a_collection(lines=[an_amount(300, "490")], _id="by its line"),
        ],
        a_collection(200),
        [back(200)],
    ),
    (
        "then where no other recovery waits",
        [*PAID, a_recovery(lines=[an_amount(600)], **OF_S), a_recovery(400)],
        a_collection(300),
        [back(300, "490")],
    ),
    (
        "then anywhere",
        [*PAID_ON_THREE, ON_TWO, a_recovery(300), LAST_LINE],
        a_collection(300),
        [back(300)],
    ),
]


@pytest.mark.parametrize(
    ("before", "event", "moves"), [row[1:] for row in SUMS], ids=[row[0] for row in SUMS]
)
def test_rule_27_what_comes_in_one_sum_falls(
    before: list[Json], event: Json, moves: list[Json]
) -> None:
    journal = ByHand(Scenario(*before)).tell(event, moves)
    assert [] == journal.findings()


def test_rule_27_of_a_line_a_recovery_holds_at_most_what_was_not_collected_of_it() -> None:
    journal = ByHand(Scenario(*PAID_ON_THREE, ON_ONE, LAST_LINE))
    assert [] == journal.tell(a_recovery(lines=THREE_LINES[:1])).findings()


def test_rule_27_revenue_counts_as_come_back_on_the_lines_where_it_would_have_moved() -> None:
    """600 and 400 were paid; of the 400 that R named on 490, 300 came a year later in one sum."""
    revenue = a_collection(300, on="2024-02-15", _id="revenue")
    journal = ByHand(Scenario(*PAID, a_recovery(lines=[an_amount(400, "490")]))).tell(
        revenue, **REVENUE
    )
    assert [] == journal.tell(a_recovery(lines=[an_amount(600)], **OF_S)).findings()


def test_rule_27_a_ledger_that_collects_in_order_alone_is_disproved() -> None:
    before = [*PAID, a_recovery(lines=[an_amount(300, "490")])]
    assert {"moves_differ"} == ByHand(Scenario(*before)).tell(
        a_collection(250), [back(250)]
    ).codes()


ORDER_PAID = [a_payment(600_000, "G/1")]
FOR_ITS_REST = [*ABOVE, *ORDER_PAID, FOR_THE_REST]
BY_GRANT = a_recovery(50_000, convention="G")
CAME_BY_GRANT = a_collection(50_000, convention="G")
BY_NUMBER = a_recovery(50_000)


def test_rule_13_a_recovery_may_go_on_to_name_the_grant() -> None:
    journal = ByHand(Scenario(*FOR_ITS_REST)).tell(BY_GRANT)
    assert [] == journal.tell(CAME_BY_GRANT, [back(50_000)]).findings()


def test_rule_13_one_that_is_refused_names_the_convention_on_which_it_counts() -> None:
    more = refused("recovery_exceeds", convention="C", room_cents=600_000, asked_cents=600_001)
    journal = ByHand(Scenario(*FOR_ITS_REST))
    assert [] == journal.tell(a_recovery(600_001, convention="G"), **more).findings()


def test_rule_13_all_else_that_names_the_grant_waits() -> None:
    journal = ByHand(Scenario(*FOR_ITS_REST))
    for event in (a_notification(convention="G"), a_report(convention="G")):
        journal.tell(event, **waits_for("convention", "G"))
    assert [] == journal.findings()


def test_rule_13_so_does_a_recovery_where_nothing_was_ordered_before_the_convention() -> None:
    given = [a_vote(), an_award(requires_convention=False), a_convention()]
    journal = ByHand(Scenario(*given)).tell(BY_GRANT, **waits_for("convention", "G"))
    assert [] == journal.findings()


TAKEN = an_acknowledgement(order="C/1")


def test_rule_13_in_a_closed_year_too() -> None:
    journal = ByHand(Scenario(*FOR_ITS_REST, TAKEN, a_closing())).tell(BY_GRANT)
    journal.tell(CAME_BY_GRANT, **REVENUE)
    unknown = a_recovery(1, convention="X", _id="X")
    journal.tell(unknown, **refused("unknown_convention", convention="X"))
    assert [] == journal.findings()


AGAIN_IN_2024 = [*ABOVE, FOR_THE_REST, *OF_THE_OLD_ORDER[:2], TAKEN, a_closing("all")]
LATER: Json = {"convention": "G", **NEXT}


def test_rule_13_and_in_a_later_year() -> None:
    scenario = Scenario(*AGAIN_IN_2024)
    scenario.deliver()
    for event in (a_new_account(_id="2024", **NEXT), a_payment(400_000, "G/1/2", **NEXT)):
        scenario.tell(event)
    journal = ByHand(scenario).tell(a_recovery(50_000, **LATER))
    came = a_collection(50_000, on="2024-06-01", **LATER)
    assert [] == journal.tell(came, [back(50_000)]).findings()


def test_rule_28_there_it_is_woken_by_the_opening() -> None:
    scenario = Scenario(*AGAIN_IN_2024)
    [opening] = scenario.internal_events()
    early, report = a_recovery(1, **LATER), a_report(**LATER)
    journal = ByHand(scenario).tell(early, **waits_for("convention", "G"))
    journal.tell(report, **waits_for("convention", "G"))
    journal.tell(opening, [a_move("- committed", 400_000)])
    assert {"not_resumed"} == journal.codes()
    more = refused("recovery_exceeds", convention="C", room_cents=0, asked_cents=1)
    assert [] == journal.resume(1, **more).findings()
    assert NEXT_BUDGET == journal.records[-1].budget


def test_rule_28_a_collection_is_woken_by_the_convention_that_takes_its_recovery_over() -> None:
    early = a_collection(50_000)
    journal = for_the_rest(*ORDER_PAID, BY_GRANT, early)
    waits = len(journal.records) - 1
    assert {"not_resumed"} == journal.codes()
    assert [] == journal.resume(waits, [back(50_000)]).findings()


def test_rule_28_a_collection_that_names_the_grant_is_woken_by_a_recovery_of_the_convention() -> (
    None
):
    early = CAME_BY_GRANT
    journal = for_the_rest(*ORDER_PAID, early).tell(BY_NUMBER)
    waits = len(journal.records) - 2
    assert {"not_resumed"} == journal.codes()
    assert [] == journal.resume(waits, [back(50_000)]).findings()
