"""Deadlines of several budgets: records read, dropped, or not readable."""

import json
from datetime import timedelta

import pytest

from events.journal import try_read_record
from services.due.deadlines import Deadlines
from tests.builders import (
    BUDGET,
    Json,
    a_closing,
    a_convention,
    a_payment,
    a_report,
    a_vote,
    an_acknowledgement,
    an_award,
    an_instalment,
)
from tests.unit.due.scenario import HOME, Scenario, in_short, on
from tests.unit.tables.event_notation import read_events

DAY = on("2023-07-15")
SIGNED = [a_vote(100), an_award(100), a_convention(100)]
LATE = "payment_due C/advance 2023-07-14"


def test_a_record_that_comes_again_changes_nothing() -> None:
    scenario = Scenario(*SIGNED, an_acknowledgement())
    before = scenario.deadlines.orders(DAY)
    for offset, raw in enumerate(scenario.journal):
        scenario.deadlines.add(HOME, offset, try_read_record(raw))
    assert before == scenario.deadlines.orders(DAY)


@pytest.mark.parametrize(
    "raw",
    [
        None,
        b"",
        b"{",
        b"[]",
        b'{"budget":1,"sequence":1,"outcome":"accepted"}',
        b'{"budget":"_dead.0","sequence":1,"outcome":"dead_letter","event":null}',
    ],
)
def test_what_cannot_be_read_changes_nothing(raw: bytes | None) -> None:
    scenario = Scenario(*SIGNED)
    scenario.deadlines.add(HOME, 3, try_read_record(raw))
    assert [LATE] == scenario.deadline_events(DAY)


@pytest.mark.parametrize(
    ("change", "by"),
    [(b'"convention":"C","', b'"convention":7,"'), (b'"time":"2023', b'"time":"noon')],
)
def test_nor_does_an_event_that_no_ledger_accepts(change: bytes, by: bytes) -> None:
    whole = Scenario(*SIGNED)
    signed = json.loads(whole.journal[2])
    event = json.dumps(signed["event"], separators=(",", ":")).encode()
    assert change in event
    row = json.dumps(signed | {"event": None}).encode()
    raw = row.replace(b'"event": null', b'"event": ' + event.replace(change, by))
    deadlines = Deadlines()
    for offset, each in enumerate([*whole.journal[:2], raw]):
        deadlines.add(HOME, offset, try_read_record(each))
    assert [] == deadlines.orders(DAY)


def test_what_others_read_from_now_on_is_dropped() -> None:
    scenario = Scenario(*SIGNED, a_report(_id="early", convention="D"))
    scenario.deadlines.keep_only([HOME, 7])
    assert 2 == scenario.deadlines.pending(DAY)
    scenario.deadlines.keep_only([7])
    assert 0 == scenario.deadlines.pending(DAY)
    assert ([], [], [], []) == (
        scenario.deadline_events(DAY),
        scenario.orders(DAY),
        scenario.reports(DAY),
        scenario.parked(DAY),
    )
    for offset, raw in enumerate(scenario.journal):
        scenario.deadlines.add(HOME, offset, try_read_record(raw))
    assert [LATE] == [each for each in scenario.deadline_events(DAY) if "parked" not in each]


def test_each_partition_has_its_own_deadline_events() -> None:
    scenario = Scenario(*SIGNED)
    for offset, raw in enumerate(scenario.journal):
        scenario.deadlines.add(
            HOME + 1, offset, try_read_record(raw.replace(b"-00-2023", b"-01-2023"))
        )
    assert 2 == scenario.deadlines.pending(DAY)
    deadline_events = [
        scenario.deadlines.deadline_events(number, DAY) for number in (HOME, HOME + 1)
    ]
    assert [[LATE], [LATE]] == [[in_short(each) for each in some] for some in deadline_events]
    assert deadline_events[0][0].id != deadline_events[1][0].id
    scenario.deadlines.wrote(HOME, deadline_events[0][0].id)
    assert 1 == scenario.deadlines.pending(DAY)


def test_a_journal_that_was_cut_off_at_its_beginning_is_read_as_far_as_it_goes() -> None:
    """Records hold the whole state of a changed order, of a convention only its beginning."""
    events = read_events("""
        report; suspension; amendment 40; reduction 1; C/advance taken_in_charge; C/rest rejected;
        termination
    """)
    schedule = [an_instalment(60), an_instalment(40, "rest", documents=[("evaluation", 2022)])]
    scenario = Scenario(a_vote(100), an_award(100), a_convention(instalments=schedule), *events)
    deadlines = Deadlines()
    for offset, raw in enumerate(scenario.journal[3:]):
        deadlines.add(HOME, offset, try_read_record(raw))
    [order] = deadlines.orders(DAY)
    assert (BUDGET, "C/advance", "taken_in_charge") == (
        order.budget,
        order.payment_order,
        order.state,
    )
    assert [LATE] == [in_short(each) for each in deadlines.deadline_events(HOME, DAY)]
    assert [] == deadlines.reports_overdue(DAY + timedelta(days=365))


def test_events_that_go_on_before_any_came_are_as_old_as_they_say() -> None:
    waited = a_convention(100, _time="2023-05-16T09:00:00+02:00")
    scenario = Scenario(a_vote(100), waited, an_award(100, _time="2023-06-20T09:00:00+02:00"))
    deadlines = Deadlines()
    deadlines.add(HOME, 0, try_read_record(scenario.journal[-1]))
    [order] = deadlines.orders(DAY)
    assert on("2023-05-16", "09:00") == order.issued_at


def test_settled_items_are_dropped() -> None:
    """A year may have a million orders: what is paid, received or ended takes no room."""
    owed: list[Json] = [{"kind": "evaluation", "year": 2022, "due_on": "2023-06-30"}]
    scenario = Scenario(*SIGNED[:2], a_convention(100, obligations=owed), a_payment(100))
    [budget] = scenario.deadlines._partitions[HOME].budgets.values()
    assert ({}, {}) == (budget.orders, budget._payments._days)
    scenario.send(a_report("evaluation", 2022))
    assert {} == budget._reports._days
    scenario.send(a_closing())
    assert ["C"] == list(budget.conventions), "its document may still be rejected (rules, 31)"
    without = Scenario(*SIGNED, a_payment(100), a_closing())
    [budget] = without.deadlines._partitions[HOME].budgets.values()
    assert {} == budget.conventions
