"""Traces through the years: their part of each record, causes, and things awaited."""

import pytest

from events.envelope import CORRECTION
from tests.builders import (
    BUDGET,
    NEXT_BUDGET,
    Scenario,
    a_closing,
    a_convention,
    a_new_account,
    a_notification,
    a_payment,
    a_report,
    a_review,
    a_transfer,
    a_vote,
    an_acknowledgement,
    an_act,
    an_award,
)
from tests.unit.ledger.test_trace_records import BALANCE, BOTH, HALVES
from tests.unit.ledger.tracing import awaited, trace_of
from tests.unit.tables.event_notation import read_events

# ------------------------------------------------------------------ through the years
CARRIED = [
    *BOTH,
    *read_events("payment 60; payment 100 of D/advance; closing all; recovery 10, id late"),
]


def through_years(budget: str | None, ref: str = "C") -> list[tuple[str, int]]:
    history = Scenario(*CARRIED)
    history.deliver()
    history.tell(a_report(budget=NEXT_BUDGET))
    history.tell(a_report(budget=NEXT_BUDGET, convention="D"))
    trace = trace_of(history, ref, budget)
    return [(each.record.budget[-4:], each.record.sequence) for each in trace.records]


@pytest.mark.parametrize("budget", [None, BUDGET, NEXT_BUDGET])
@pytest.mark.parametrize("ref", ["C", "G", "C/balance"])
def test_a_trace_goes_on_in_the_next_year_wherever_it_is_asked_for(
    ref: str, budget: str | None
) -> None:
    """The payment of the advance is none of the balance's."""
    first = [("2023", each) for each in ((4, 5, 8, 9) if ref == "C/balance" else (4, 5, 6, 8, 9))]
    assert [*first, ("2024", 1), ("2024", 2)] == through_years(budget, ref)


def test_an_internal_event_that_was_not_read_is_awaited() -> None:
    history = Scenario(*CARRIED)
    trace = trace_of(history, "C")
    opening = [
        (each.subject, each.amount_cents, each.waits_for) for _, each in awaited(history, trace)
    ]
    assert ("convention", 40, (("opening", NEXT_BUDGET),)) in opening
    history.deliver()
    after = [each.subject for _, each in awaited(history, trace_of(history, "C"))]
    assert "convention" not in after
    assert "instalment" in after, "the balance, in its new year"


def test_a_budget_of_another_body_may_have_the_same_names() -> None:
    other = "21130055300016-00-2023"
    history = Scenario(
        *BOTH, a_vote(budget=other), an_award(budget=other), a_convention(budget=other)
    )
    assert {BUDGET, other} == {each.record.budget for each in trace_of(history, "C").records}
    assert [other] * 2 == [each.record.budget for each in trace_of(history, "C", other).records]


# ------------------------------------------------------------------ what a trace has of a record
def test_a_trace_has_of_a_closing_only_what_is_its_own() -> None:
    history = Scenario(
        a_vote(),
        an_award(100),
        a_convention(instalments=HALVES),
        a_payment(60),
        an_award(100, grant="H"),
        a_convention(convention="D", grant="H", instalments=[BALANCE]),
        an_award(7, grant="I", act=an_act(number="I")),
        a_closing(["C"]),
    )
    (closing,) = [
        each for each in trace_of(history, "C").records if each.record is history.records[-1]
    ]
    assert [("C", 40, "carried_over")] == [
        (move.convention, move.amount_cents, move.kind.target) for move in closing.moves
    ]
    assert ["carry_over"] == [str(entry["kind"]) for entry in closing.entries]
    (lapsed,) = [
        each for each in trace_of(history, "I").records if each.record is history.records[-1]
    ]
    assert ([], [7]) == (lapsed.moves, [entry["amount_cents"] for entry in lapsed.entries])


def test_a_trace_has_of_an_account_only_its_own_orders_and_flags() -> None:
    history = Scenario(
        a_vote(10_000_000),
        an_award(100),
        a_convention(100, bank_account=...),
        an_award(50, grant="A", requires_convention=False),
        an_award(3_000_000, grant="BIG"),
        a_new_account(),
    )
    own = trace_of(history, "C").records[-1]
    assert ["C/advance"] == [change.order.payment_order for change in own.orders]
    assert ([], ["ordered"]) == (own.flags, [move.kind.target for move in own.moves])
    held = trace_of(history, "A").records[-1]
    assert ([], ["convention_required"]) == (
        held.orders,
        [str(flag["code"]) for flag in held.flags],
    )
    whole = trace_of(history, str(a_new_account()["id"])).records[-1]
    assert (1, 1, 1) == (len(whole.moves), len(whole.orders), len(whole.flags))


# ------------------------------------------------------------------ who woke whom
def test_each_resumed_record_names_the_one_that_brought_what_it_waited_for() -> None:
    history = Scenario(
        a_report(), a_convention(100), an_award(100), a_transfer(1_000), a_vote(101_000)
    )
    trace = trace_of(history, "C")
    woken = {each.record.sequence: each.woken_by for each in trace.records if each.woken_by}
    # The vote wakes the award, it the convention, that the report; the transfer is no part of it.
    assert {6: 5, 7: 6, 8: 7} == woken
    assert [6, 9] == trace.woke[BUDGET, 5]
    assert [7] == trace.woke[BUDGET, 6]


def test_a_closing_ends_all_waits() -> None:
    trace = trace_of(Scenario(a_vote(), a_report(), a_closing()), "C")
    assert [(2, None), (4, 3)] == [(each.record.sequence, each.woken_by) for each in trace.records]


# ------------------------------------------------------------------ what is awaited of a trace
def test_a_parked_event_is_awaited_until_its_deadline() -> None:
    history = Scenario(a_vote(), a_report(), a_notification(convention="D"))
    ((budget, waiting),) = awaited(history, trace_of(history, "C"))
    assert (BUDGET, "event", a_report()["id"]) == (budget, waiting.subject, waiting.id)
    assert (("convention", "C"),) == waiting.waits_for
    assert "2023-07-01" == str(waiting.due_on)


WHOLE = [
    "payment_order C/advance",
    "instalment balance",
    "obligation evaluation/2023",
    "obligation activity_report/2022",
]
AWAITED = [
    ("C", WHOLE),
    ("G", WHOLE),
    ("C/advance", ["payment_order C/advance"]),
    ("C/balance", ["instalment balance", "obligation activity_report/2022"]),
    (str(an_acknowledgement()["id"]), WHOLE),
    ("H", ["grant H"]),
    (str(an_award(1, grant="H")["id"]), ["grant H"]),
    (str(a_vote()["id"]), []),
]


@pytest.mark.parametrize(("ref", "expected"), AWAITED, ids=[ref for ref, _ in AWAITED])
def test_what_is_awaited_of_a_trace(ref: str, expected: list[str]) -> None:
    owed = [
        {"kind": kind, "year": year, "due_on": "2024-06-30"}
        for kind, year in (("evaluation", 2023), ("activity_report", 2022))
    ]
    history = Scenario(
        a_vote(),
        an_award(100),
        a_convention(instalments=HALVES, obligations=owed),
        an_acknowledgement(),
        an_award(1, grant="H"),
    )
    found = awaited(history, trace_of(history, ref))
    assert expected == [f"{each.subject} {each.id}" for _, each in found]


# ------------------------------------------------------------------ sent again
def test_the_trace_of_an_event_says_who_sent_its_dead_letter_again() -> None:
    event = an_award(_id="sent again", _source="urn:lille:erp")
    reference = {"source": event["source"], "id": event["id"]}
    note = a_review(17, chain="_dead.3", event=reference)
    other = a_review(18, chain="_dead.3", event=reference | {"id": "another"})
    seen = a_review(19, chain="_dead.3")
    history = Scenario(a_vote(), event, note, other, seen)
    assert [2, 3] == [each.record.sequence for each in trace_of(history, "sent again").records]
    assert [4] == [each.record.sequence for each in trace_of(history, "another").records]


def test_a_dead_letter_is_traced_under_its_old_name_by_what_corrected_it() -> None:
    """The correction and the note about it; not what names a cause for another reason."""
    correction = an_award(_id="new", _source=CORRECTION) | {"causationid": "wrong"}
    other = an_award(grant="H", _id="other") | {"causationid": "wrong"}
    note = a_review(1, chain="_dead.0", event={"source": CORRECTION, "id": "new"})
    history = Scenario(a_vote(), correction, other, note)
    for ref in ("wrong", "new"):
        trace = trace_of(history, ref)
        assert [2, 4] == [each.record.sequence for each in trace.records], ref
