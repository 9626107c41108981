"""Rules 13 and 32: what a grant had ordered before its convention, in the next year."""

import pytest

from services.ledger.application.restore import open_ledger
from services.ledger.domain.model.moves import PAY
from tests.builders import (
    BUDGET,
    NEXT_BUDGET,
    Json,
    Scenario,
    a_closing,
    a_convention,
    a_new_account,
    a_notification,
    a_payment,
    a_vote,
    an_acknowledgement,
    an_amendment,
    an_award,
    an_instalment,
)
from tests.unit.ledger import tracing
from tests.unit.tables.event_notation import read_events
from tests.unit.tables.rows import entries_of
from tests.unit.tables.test_signed_for_the_rest import ABOVE, HALF, ISSUED, PAID, REST, TAKEN, WAITS


def next_year(*before: Json, after: list[Json]) -> Scenario:
    """The convention is carried over, with the grant's order behind it."""
    scenario = Scenario(*before, a_closing("all"))
    scenario.deliver()
    for event in after:
        scenario.tell(event)
    return scenario


REJECTED = [*TAKEN, an_acknowledgement("rejected", "G/1")]
NEXT: Json = {"budget": NEXT_BUDGET}
A_NAMESAKE = a_convention(instalments=[an_instalment(50, trigger="notification")], **NEXT)


def test_rule_32_the_grant_s_rejected_order_is_issued_again_in_the_next_year() -> None:
    scenario = next_year(*REJECTED, after=[a_new_account(**NEXT, _id="new")])
    assert {"G/1/2": ISSUED} == scenario.orders(NEXT_BUDGET)
    scenario.ledger = open_ledger(scenario.store)
    scenario.tell(a_payment(HALF, "G/1/2", **NEXT))
    assert "accepted" == scenario.answer()
    [move] = scenario.last.moves
    assert ("C", "G/1") == (move.convention, move.instalment)


@pytest.mark.parametrize("requires_convention", [True, False])
def test_rule_32_under_another_name_where_the_new_year_awarded_the_grant(
    *, requires_convention: bool
) -> None:
    scenario = Scenario(*REJECTED, a_closing("all"))
    scenario.tell(a_vote(**NEXT))
    scenario.tell(an_award(100, requires_convention=requires_convention, **NEXT))
    scenario.deliver()
    scenario.tell(a_new_account(**NEXT, _id="new"))
    assert ISSUED == scenario.orders(NEXT_BUDGET)["G@2023/1/2"]
    [issued] = [each for each in scenario.last.payment_orders if each.order.convention == "G@2023"]
    assert issued.issued is not None
    assert "G/1" == issued.issued["previous"]


def test_rule_32_no_convention_takes_the_name_that_orders_bear() -> None:
    scenario = Scenario(*REJECTED, a_closing("all"))
    scenario.tell(a_vote(**NEXT))
    scenario.tell(an_award(100, **NEXT))
    scenario.deliver()
    scenario.tell(a_convention(100, convention="G@2023", **NEXT))
    assert "convention_exists" == scenario.answer()
    scenario.tell(a_convention(100, convention="G@2022", **NEXT))
    assert "accepted" == scenario.answer()


def test_rule_32_what_an_amendment_planned_anew_under_the_convention_has_no_count_left() -> None:
    anew = an_amendment(instalments=[an_instalment(2 * HALF, "x", trigger="notification")])
    scenario = next_year(*REJECTED, anew, after=[a_notification(**NEXT)])
    [internal_event] = scenario.internal_events()
    assert [] == internal_event["data"]["former_instalments"]
    assert {"C/x": ("issued", 2 * HALF, 0)} == scenario.orders(NEXT_BUDGET)


def test_rule_32_what_the_grant_had_ordered_is_not_planned_again_in_the_next_year() -> None:
    scenario = next_year(
        *PAID, REST, after=[a_notification(**NEXT), a_new_account(**NEXT, _id="new")]
    )
    assert {"C/1": ISSUED} == scenario.orders(NEXT_BUDGET)
    assert [] == entries_of(scenario)


def test_rule_32_a_renamed_convention_names_the_order_that_its_reissue_follows() -> None:
    later = an_instalment(40, "balance", documents=[("activity_report", 2023)])
    year = [
        a_vote(100),
        an_award(100),
        a_convention(instalments=[an_instalment(60), later]),
        an_acknowledgement("rejected"),
    ]
    scenario = Scenario(*year, a_closing("all"))
    for event in (
        a_vote(50, **NEXT),
        an_award(50, **NEXT),
        a_convention(instalments=[an_instalment(50, trigger="notification")], **NEXT),
    ):
        scenario.tell(event)
    scenario.deliver()
    scenario.tell(a_closing("all", budget=NEXT_BUDGET, _id="second"))
    scenario.deliver()
    [advance, balance] = scenario.internal_events()[-1]["data"]["instalments"]
    assert ("C/advance", None) == (advance["order"], balance.get("order"))
    third: Json = {"budget": f"{NEXT_BUDGET[:-4]}2025"}
    scenario.tell(a_new_account(**third, _id="new"))
    [issued] = [each for each in scenario.last.payment_orders if each.issued is not None]
    assert issued.issued is not None
    assert ("C@2023/advance/2", "C/advance") == (
        issued.order.payment_order,
        issued.issued["previous"],
    )


def test_rule_32_the_grant_s_name_is_not_the_one_that_its_convention_bears() -> None:
    """Both are taken to the next year at once, and order ids must never meet."""
    rest = a_convention(convention="G@2023", instalments=WAITS, bank_account=...)
    scenario = Scenario(*ABOVE, rest, an_acknowledgement("rejected", "G/1"), a_closing("all"))
    scenario.tell(a_vote(**NEXT))
    scenario.tell(an_award(100, **NEXT))
    scenario.deliver()
    renamed = {"from": "G", "to": "G@2023@2023"}
    assert renamed in [flag["facts"] for flag in scenario.last.review_flags]
    scenario.tell(a_notification(convention="G@2023", **NEXT))
    scenario.tell(a_new_account(**NEXT, _id="new"))
    assert {"G@2023/1": ISSUED, "G@2023@2023/1/2": ISSUED} == scenario.orders(NEXT_BUDGET)


def test_a_trace_follows_the_orders_that_bear_the_grant_s_name_into_the_next_year() -> None:
    scenario = next_year(*REJECTED, after=[a_new_account(**NEXT, _id="new")])
    scenario.tell(a_payment(HALF, "G/1/2", **NEXT))
    for ref in ("C", "G", "G/1", "G/1/2"):
        found = tracing.trace_of(scenario, ref)
        orders = [
            each.order.payment_order for each_record in found.records for each in each_record.orders
        ]
        assert {"G/1", "G/1/2"} <= set(orders), ref
        moved = [
            move for each_record in found.records for move in each_record.moves if move.kind is PAY
        ]
        assert [("C", "G/1")] == [(each.convention, each.instalment) for each in moved], ref


def test_a_trace_goes_back_to_the_grant_before_its_convention_of_another_year() -> None:
    award = an_award(100, requires_convention=False)
    scenario = Scenario(a_vote(100), award, a_closing("all"))
    scenario.deliver()
    scenario.tell(a_convention(70, **NEXT))
    found = tracing.trace_of(scenario, "C")
    assert award["id"] in [each.envelope.id for each in found.records]


def test_an_opening_that_is_read_twice_leads_no_trace_astray() -> None:
    scenario = next_year(*REJECTED, after=[])
    scenario.delivered = 0
    scenario.deliver()
    assert "duplicate" == str(scenario.records[-1].outcome)
    assert tracing.trace_of(scenario, "C").budgets == [BUDGET, NEXT_BUDGET]


def test_rule_32_an_instalment_that_an_amendment_took_away_keeps_the_name_of_its_order() -> None:
    scenario = Scenario(
        a_vote(100),
        an_award(100),
        a_convention(100),
        an_acknowledgement("rejected"),
        an_amendment(instalments=[an_instalment(100, "rest", trigger="notification")]),
        a_closing("all"),
    )
    for event in (a_vote(50, **NEXT), an_award(50, **NEXT), A_NAMESAKE):
        scenario.tell(event)
    scenario.deliver()
    scenario.tell(a_closing("all", budget=NEXT_BUDGET, _id="second"))
    [_, *later] = scenario.internal_events()
    [renamed] = [each["data"] for each in later if each["data"]["convention"] == "C@2023"]
    assert [{"instalment": "advance", "orders": 1, "order": "C/advance"}] == (
        renamed["former_instalments"]
    )


def test_rule_25_an_order_that_was_issued_again_under_the_new_number_is_named_by_it() -> None:
    scenario = Scenario(
        *read_events("vote 100; award 100; convention 100; C/advance rejected; closing all")
    )
    for event in (a_vote(50, **NEXT), an_award(50, **NEXT), A_NAMESAKE):
        scenario.tell(event)
    scenario.deliver()
    scenario.tell(a_new_account(**NEXT, _id="new"))
    scenario.tell(an_acknowledgement("rejected", "C@2023/advance/2", **NEXT))
    scenario.tell(a_closing("all", budget=NEXT_BUDGET, _id="second"))
    [internal_event] = [
        each for each in scenario.internal_events() if each["data"]["convention"] == "C@2023"
    ]
    [instalment] = internal_event["data"]["instalments"]
    assert (2, None) == (instalment["orders"], instalment.get("order"))
    scenario.deliver()
    third: Json = {"budget": f"{NEXT_BUDGET[:-4]}2025"}
    scenario.tell(a_new_account("FR7630001007941234567890185", **third, _id="third"))
    [issued] = [each.issued for each in scenario.last.payment_orders if each.issued is not None]
    assert "C@2023/advance/2" == issued["previous"]
