"""Rule 14: orders of a grant without convention that are held back above 23,000 €."""

import pytest

from tests.builders import (
    Json,
    Scenario,
    a_collection,
    a_new_account,
    a_notification,
    a_payment,
    a_recovery,
    a_rejected_report,
    a_report,
    a_resumption,
    a_suspension,
    a_vote,
    a_withdrawal,
    an_acknowledgement,
    an_award,
    an_instalment,
)
from tests.unit.tables.rows import REPORT, Row, check, each_row, reader_of

ALONE = an_award(1_000_000, requires_convention=False)
ABOVE = [a_vote(9_000_000), ALONE, an_award(1_300_001, grant="H"), a_new_account()]
"""A grant without convention whose order is held back, the year's sum being a cent too high."""


read_rows = reader_of(globals())

SUM_ROWS = read_rows("""
    the sum falls back with the award that fell; what was held back waits to be touched
        ABOVE; withdrawal, grant H
        => 489: 9_000_000 = 8_000_000 available + 1_000_000 committed; G on 489: 1_000_000 remaining
    the next event that touches the convention issues what was held back
        ABOVE; withdrawal, grant H; notification, convention G
        => 489: 9_000_000 = 8_000_000 available + 1_000_000 ordered; G on 489: 1_000_000 ordered;
           G/1 issued 1_000_000
    an award that fell makes room for another without convention
        vote 9_000_000; award 2_000_000, grant H; withdrawal, grant H; ALONE
        => 489: 9_000_000 = 8_000_000 available + 1_000_000 committed; G on 489: 1_000_000 remaining
""")

ROWS = SUM_ROWS


@each_row(SUM_ROWS)
def test_rule_14_awards_that_fell_count_no_more(row: Row) -> None:
    check(row)


def test_rule_14_one_flag_a_convention_however_many_orders_are_held_back() -> None:
    halves = [an_instalment(1_000_000, "1"), an_instalment(1_000_000, "2")]
    alone = an_award(2_000_000, requires_convention=False, instalments=halves)
    scenario = Scenario(a_vote(9_000_000), alone, an_award(1_000_000, grant="H"), a_new_account())
    assert ["convention_required"] == scenario.flags()
    assert {} == scenario.orders()


def test_rule_14_a_ceiling_that_pays_nothing_is_settled_though_orders_are_held_back() -> None:
    """Nothing would be issued, so there is nothing to hold back: rule 22 releases it."""
    report = an_instalment(1_000_000, "1", documents=[("activity_report", 2022)], ceiling=True)
    alone = an_award(1_000_000, requires_convention=False, instalments=[report])
    above = an_award(2_000_000, grant="H")
    scenario = Scenario(a_vote(9_000_000), a_new_account(), alone, above)
    scenario.tell(a_report(convention="G", eligible_cost_cents=1))
    assert ["convention_required"] == scenario.flags()
    again = an_instalment(1_000_000, "2", documents=[("activity_report", 2022)], ceiling=True)
    first = an_instalment(1_000_000, "1")
    both = an_award(2_000_000, requires_convention=False, instalments=[first, again])
    paid = Scenario(a_vote(9_000_000), a_new_account(), both, an_award(1_000_000, grant="H"))
    paid.tell(a_report(convention="G", eligible_cost_cents=1_000_000))
    assert [] == paid.flags()
    assert {"granted": 2_000_000, "ordered": 1_000_000, "released": 1_000_000} == paid.convention(
        "G"
    )


def test_rule_22_an_order_held_back_counts_only_what_the_treasury_did_not_send_back() -> None:
    """A ceiling asks what was had: what the rejection in hand gives back was not."""
    instalments = [
        an_instalment(600_000, "1"),
        an_instalment(400_000, "2", documents=REPORT, ceiling=True),
    ]
    scenario = Scenario(
        a_vote(9_000_000),
        a_new_account(),
        an_award(1_000_000, requires_convention=False, instalments=instalments),
        an_award(1_300_001, grant="H"),
        a_report(convention="G", eligible_cost_cents=700_000),
        a_withdrawal(grant="H"),
    )
    assert ["G/1"] == list(scenario.orders())
    scenario.tell(an_acknowledgement("rejected", "G/1"))
    assert {"G/1": ("rejected", 600_000, 0), "G/2": ("issued", 400_000, 0)} == scenario.orders()


def test_rule_22_what_pays_nothing_is_settled_behind_what_is_held_back() -> None:
    """One order waits for a convention; the next would be of nothing, and waits for none."""
    instalments = [
        an_instalment(600_000, "1"),
        an_instalment(500_000, "2", documents=REPORT),
        an_instalment(400_000, "3", documents=REPORT, ceiling=True),
    ]
    scenario = Scenario(
        a_vote(9_000_000),
        a_new_account(),
        an_award(1_500_000, requires_convention=False, instalments=instalments),
        an_award(1_300_001, grant="H"),
        a_report(convention="G", eligible_cost_cents=600_000),
    )
    assert ["convention_required"] == scenario.flags()
    assert {
        "granted": 1_500_000,
        "remaining": 500_000,
        "ordered": 600_000,
        "released": 400_000,
    } == scenario.convention("G")


def test_rule_24_what_a_rejected_document_no_longer_sets_off_is_not_ordered() -> None:
    """It was held back with its report there; the rejection touches it, and it waits again."""
    scenario = Scenario(*IN_TWO, FREE)
    scenario.tell(a_rejected_report(convention="G"))
    assert {"G/1": ("issued", 600_000, 0)} == scenario.orders()
    scenario.tell(a_notification(convention="G"))
    assert {"G/1": ("issued", 600_000, 0)} == scenario.orders()


IN_TWO = [
    a_vote(9_000_000),
    a_new_account(),
    an_award(
        1_300_000,
        requires_convention=False,
        instalments=[
            an_instalment(600_000, "1"),
            an_instalment(700_000, "2", documents=REPORT, ceiling=True),
        ],
    ),
    an_award(1_300_000, grant="H"),
    a_report(convention="G", eligible_cost_cents=800_000),
]
"""600,000 are ordered; the balance, held back, may be 200,000 more at most."""
PARTLY = a_payment(200_000, "G/1")
FREE = a_withdrawal(grant="H")

# What happened before the sum fell back, the event that touches the convention, what it orders.
TOUCHED: list[tuple[str, list[Json], Json, int]] = [
    ("a payment", [], PARTLY, 200_000),
    ("a payment of all", [], a_payment(600_000, "G/1"), 200_000),
    ("an acknowledgement", [], an_acknowledgement("taken_in_charge", "G/1"), 200_000),
    ("a rejection", [], an_acknowledgement("rejected", "G/1"), 700_000),
    (
        "a rejection of what was paid in part",
        [PARTLY],
        an_acknowledgement("rejected", "G/1"),
        600_000,
    ),
    ("money asked back", [PARTLY], a_recovery(50_000, convention="G"), 200_000),
    (
        "money that comes back",
        [PARTLY, a_recovery(50_000, convention="G")],
        a_collection(50_000, convention="G"),
        250_000,
    ),
    ("a notification", [], a_notification(convention="G"), 200_000),
    ("another report", [], a_report("evaluation", convention="G"), 200_000),
    ("another report rejected", [], a_rejected_report("evaluation", convention="G"), 200_000),
    ("a resumption", [a_suspension(convention="G")], a_resumption(convention="G"), 200_000),
]


@pytest.mark.parametrize(
    ("before", "event", "ordered_cents"), [row[1:] for row in TOUCHED], ids=[r[0] for r in TOUCHED]
)
def test_rule_18_whatever_touches_a_convention_issues_what_was_held_back(
    before: list[Json], event: Json, ordered_cents: int
) -> None:
    """To the cent that its ceiling leaves, with what the event itself takes back (rule 22)."""
    scenario = Scenario(*IN_TWO, *before, FREE)
    assert "G/2" not in scenario.orders()
    scenario.tell(event)
    assert "accepted" == scenario.answer()
    assert ("issued", ordered_cents, 0) == scenario.orders()["G/2"]


REISSUING: list[tuple[str, list[Json]]] = [
    ("a new account", [a_new_account(_id="a new account")]),
    ("a report", [a_report(convention="G")]),
    ("a resumption", [a_suspension(convention="G"), a_resumption(convention="G")]),
]


@pytest.mark.parametrize("events", [row[1] for row in REISSUING], ids=[r[0] for r in REISSUING])
def test_rules_14_and_21_an_order_held_back_from_its_reissue_comes_with_the_next_event(
    events: list[Json],
) -> None:
    """What would have issued it again was held back; any event does so, once the sum is lower."""
    scenario = Scenario(
        a_vote(9_000_000),
        a_new_account(),
        ALONE,
        an_acknowledgement("rejected", "G/1"),
        an_award(1_300_001, grant="H"),
        *events,
    )
    assert ["convention_required"] == scenario.flags()
    scenario.tell(a_withdrawal(grant="H"))
    assert {"G/1": ("rejected", 1_000_000, 0)} == scenario.orders()
    scenario.tell(a_notification(convention="G"))
    assert ("issued", 1_000_000, 0) == scenario.orders()["G/1/2"]


def test_rules_14_and_21_a_reissue_that_nothing_held_back_waits_for_an_event_that_issues() -> None:
    rejected = an_acknowledgement("rejected", "G/1")
    above = [an_award(1_300_001, grant="H"), a_withdrawal(grant="H")]
    scenario = Scenario(a_vote(9_000_000), a_new_account(), ALONE, rejected, *above)
    scenario.tell(a_notification(convention="G"))
    assert {"G/1": ("rejected", 1_000_000, 0)} == scenario.orders()


def test_rules_14_and_21_what_holds_back_another_instalment_holds_back_no_reissue() -> None:
    """A notification issues no rejected order again: so neither does what it had held back."""
    instalments = [an_instalment(600_000, "1"), an_instalment(400_000, "2", trigger="notification")]
    scenario = Scenario(
        a_vote(9_000_000),
        a_new_account(),
        an_award(1_000_000, requires_convention=False, instalments=instalments),
        an_acknowledgement("rejected", "G/1"),
        an_award(1_300_001, grant="H"),
        a_notification(convention="G"),
    )
    assert ["convention_required"] == scenario.flags()
    scenario.tell(a_withdrawal(grant="H"))
    scenario.tell(a_rejected_report("evaluation", convention="G"))
    assert {"G/1": ("rejected", 600_000, 0), "G/2": ("issued", 400_000, 0)} == scenario.orders()
