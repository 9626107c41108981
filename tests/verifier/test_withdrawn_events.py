"""Rule 39: a parked event that is withdrawn is refused directly behind; written by hand."""

from tests.builders import Json, Scenario, a_closing, a_report, a_vote, a_withdrawn_event
from tests.verifier.by_hand import ByHand, refused, waits_for

PARKED = a_report(_id="parked", convention="O")
MISSING = refused("dependency_missing", kind="convention", id="O")
NOT_PARKED = refused("not_parked", event_source="urn:test", event_id="parked")


def waiting(*before: Json) -> ByHand:
    return ByHand(Scenario(a_vote(), *before)).tell(PARKED, **waits_for("convention", "O"))


def test_rule_39_what_is_withdrawn_is_refused_directly_behind() -> None:
    journal = waiting().tell(a_withdrawn_event()).resume(2, **MISSING)
    again = a_withdrawn_event(_id="again")
    assert [] == journal.tell(again, **NOT_PARKED).findings()


def test_rule_39_a_ledger_that_lets_it_wait_on_is_disproved() -> None:
    journal = waiting().tell(a_withdrawn_event())
    assert {"not_resumed"} == journal.codes()
    other = a_report(_id="other", convention="P")
    late = journal.tell(other, **waits_for("convention", "P")).resume(2, **MISSING)
    assert {"not_resumed", "resumed_out_of_order"} == late.codes()


def test_rule_39_what_does_not_wait_is_not_withdrawn() -> None:
    assert {"not_refused"} == ByHand(Scenario(a_vote())).tell(a_withdrawn_event()).codes()
    assert {"refused_otherwise"} == waiting().tell(a_withdrawn_event(), **NOT_PARKED).codes()


def test_rule_39_a_closed_year_refuses_it_like_all_else() -> None:
    journal = ByHand(Scenario(a_vote(), a_closing()))
    closed = refused("fiscal_year_closed", budget=journal.records[0].budget)
    assert [] == journal.tell(a_withdrawn_event(), **closed).findings()
    otherwise = ByHand(Scenario(a_vote(), a_closing())).tell(a_withdrawn_event(), **NOT_PARKED)
    assert {"closing_ignored"} == otherwise.codes()
