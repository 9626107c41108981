"""The figures of the page Lag: no unknown is ever shown as 0, and charts are reported in words."""

from datetime import timedelta

import pytest

from events.lag import read_history
from services.api.lag.view import lag_view
from services.lag.client.hour import the_hour
from tests.api import lag_scenes
from tests.api.lag_boards import BUDGET, JOURNAL, NIGHT, a_board, a_stage, stages
from tests.unit.api.console.lag_views import EN, FR, a_stage_that_is, figures, lag, view, view_of

# ------------------------------------------------------------------ no unknown is 0
UNKNOWN_FIGURES = {
    "behind": None,
    "oldest_event_at": None,
    "latest_event_at": None,
    "drain_s": None,
    "trend": None,
    "members": None,
}


def test_what_nobody_knows_of_a_stage_is_no_number() -> None:
    rows = [
        each | dict.fromkeys(("committed", "end", "behind", "owner", "latest_event_at", "trend"))
        for each in a_stage(NIGHT)["partitions"]
    ]
    board = a_stage_that_is("UNKNOWN", **UNKNOWN_FIGURES, partitions=rows)
    stage = view_of(board).stages[0]
    for figure in (
        stage.position,
        stage.behind,
        stage.oldest,
        stage.latest,
        stage.drain,
        stage.members,
    ):
        assert (None, "") == (figure.text, figure.more)
    for row in stage.partitions:
        found = (row.position, row.behind, row.oldest, row.latest, row.owner)
        assert [None] * 5 == [each.text for each in found]


def test_a_stage_stands_where_its_partitions_stand_together() -> None:
    ledger = view(lag_scenes.a_held_partition(), FR).stages[0]
    assert ("198\u202f975", "fin 199\u202f108") == (ledger.position.text, ledger.position.more)
    ledger, projector, *_ = view(lag_scenes.a_held_partition()).stages
    assert ("198,975", "end 199,108") == (ledger.position.text, ledger.position.more)
    assert ("199,108", "end 199,108") == (projector.position.text, projector.position.more)


@pytest.mark.parametrize(
    ("unknown", "position", "end"),
    [("committed", None, "end 199,108"), ("end", "199,108", "")],
)
def test_where_one_partition_does_not_say_the_stage_does_not(
    unknown: str, position: str | None, end: str
) -> None:
    rows = a_stage(NIGHT)["partitions"]
    rows[4] |= {unknown: None}
    stage = view_of(a_board(stages=stages(NIGHT, ledger={"partitions": rows}))).stages[0]
    assert (position, end) == (stage.position.text, stage.position.more)
    (alone,) = view_of(a_board(stages=[a_stage(NIGHT) | {"partitions": []}])).stages
    assert (None, "") == (alone.position.text, alone.position.more), "no partition, no place"


def test_what_is_not_there_is_none_and_not_unknown() -> None:
    stage = view_of(a_board()).stages[0]
    assert ("0", "none", "none") == (stage.behind.text, stage.oldest.text, stage.drain.text)


def test_what_does_not_get_less_promises_nothing() -> None:
    stage = view(lag_scenes.postgresql_down()).stages[1]
    assert ("3,612", None) == (stage.behind.text, stage.drain.text)
    assert ("↗ rising", True) == (stage.behind.more, stage.behind.late)


@pytest.mark.parametrize("name", JOURNAL)
def test_a_group_that_the_watch_does_not_know_is_no_number(name: str) -> None:
    found = figures(a_board() | {name: None})
    others = dict(
        zip(
            ("reports_overdue", "parked", "dead_letters", "refusals", "deadline_events"),
            found.others,
            strict=True,
        )
    )
    unknown = {each for each, other in others.items() if other.count is None}
    assert unknown == {name} & others.keys()
    assert (found.orders.facts is None) is (name == "orders")
    assert (found.sum.whole.text is None) is (name == "outcomes")
    assert (len(found.latencies) == 0) is (name == "latencies")


@pytest.mark.parametrize("name", ["received", "gap", "in_flight", "repeated"])
def test_a_count_of_which_a_part_is_unknown_cannot_be_checked(name: str) -> None:
    board = a_board()
    board["outcomes"] |= {name: None}
    found = figures(board)
    assert "unknown" == found.sum.result.tone
    assert (found.sum.whole.text is None) is (name != "repeated")


def test_received_is_the_sum_of_the_outcomes_and_of_what_is_in_flight() -> None:
    board = a_board()
    board["outcomes"] |= {"in_flight": 5}
    found = figures(board).sum
    assert ("139,113", "good", "The count adds up.") == (
        found.whole.text,
        found.result.tone,
        found.result.text,
    )
    assert ["138,402", "511", "166", "5", "24", "5"] == [each.text for each in found.terms]


def test_a_gap_is_a_term_of_its_own_and_bad() -> None:
    board = a_board()
    board["outcomes"] |= {"gap": 2}
    found = figures(board).sum
    assert ("gap", "2") == (found.terms[-1].name, found.terms[-1].text)
    assert ("139,110", "bad") == (found.whole.text, found.result.tone)


def test_a_step_that_nothing_passed_took_no_time_of_which_anybody_knows() -> None:
    none = {"stage": "treasury", "count": 0, "p50_s": None, "p95_s": None, "max_s": None}
    unknown = {"stage": "teleported", "count": None, "p50_s": None, "p95_s": None, "max_s": None}
    rows = figures(a_board(latencies=[none, unknown])).latencies
    assert ("0", "none") == (rows[0].count.text, rows[0].longest.text)
    assert ("teleported", None, None) == (rows[1].text, rows[1].count.text, rows[1].half.text)


# ------------------------------------------------------------------ orders, and what else waits
def test_orders_that_wait_lead_to_their_page_with_what_is_late() -> None:
    orders = figures(a_board()).orders
    assert orders.facts is not None
    assert [
        ("41 orders", "€614,800.00", False),
        ("issued 2 months ago", "", False),
        ("1 order", "€13,200.00", True),
        ("1 order", "€14,400.00 · the oldest issued 9 days ago", True),
    ] == [(each.text, each.more, each.late) for each in orders.facts]
    due, unanswered, partly, _ = orders.rows
    assert f"/console/orders/{BUDGET}/CONV-2026-007/advance" == due.link.href
    assert due.due.late
    assert ["no answer"] == [each.text for each in unanswered.badges]
    assert "€11,800.00" == partly.left, "what is still to be paid"


def test_where_no_order_waits_nothing_is_late() -> None:
    none = {"count": 0, "amount_cents": 0}
    board = a_board(orders=none | {"due": none, "unacknowledged": none, "items": []})
    facts = figures(board, FR).orders.facts
    assert facts is not None
    assert [("0 mandat", False), ("rien", False), ("0 mandat", False), ("0 mandat", False)] == [
        (each.text, each.late) for each in facts
    ]


def test_what_else_waits_is_counted_and_named() -> None:
    reports, parked, dead, refused, deadline_events = figures(a_board()).others
    assert ["2", "5", "24", "166", "12"] == [
        each.count for each in (reports, parked, dead, refused, deadline_events)
    ]
    assert "CONV-2025-ORCHESTRE, activity report 2025" == reports.lines[1].text
    assert reports.lines[2].badge is not None, "of a closed year it is shown all the same"
    assert "1 past their deadline" == parked.late
    assert "waits for the convention CONV-2026-PATRONAGE" in parked.lines[1].more
    assert ("Missing field", "17") == (dead.lines[1].text, dead.lines[1].more)
    assert "Insufficient credit" == refused.lines[1].text


def test_of_many_reasons_the_most_frequent_are_named() -> None:
    codes = {"a": 1, "b": 5, "c": 2, "insufficient_credit": 9, "d": 1}
    board = a_board(refusals={"count": 18, "newest_at": None, "codes": codes})
    lines = figures(board).others[3].lines
    assert ["Insufficient credit", "B", "C", "and 2 more"] == [each.text for each in lines]


# ------------------------------------------------------------------ charts
def test_the_hour_is_shown_in_texts_for_who_listens() -> None:
    charts = view(lag_scenes.a_held_partition()).charts
    assert charts is not None
    ledger = charts.late[0]
    assert ("Ledger", "23\u202fmin", "at most 23\u202fmin") == (
        ledger.title,
        ledger.now,
        ledger.most,
    )
    assert "Now 23\u202fmin; at most 23\u202fmin, at 03:40:11." == ledger.description
    assert ["Ledger", "Read model", "Watch", "Treasury", "Payment orders waiting"] == charts.heads
    assert 12 == len(charts.rows)
    first = charts.rows[0]
    assert ("03:40:11", "23\u202fmin · 133", "41") == (
        first.until,
        first.cells[0],
        first.cells[-1],
    )


def test_what_nobody_knew_is_a_gap_and_shown_to_be() -> None:
    charts = view(lag_scenes.broker_down()).charts
    assert charts is not None
    ledger = charts.behind[0]
    assert ledger.now is None
    assert 1 == len(ledger.drawn.gaps)
    assert "Now unknown; at most 0" in ledger.description
    assert "Unknown for 4 minutes of the hour." in ledger.description
    assert "≥ 0\u202fs · ≥ 0" == charts.rows[0].cells[0]


def test_an_hour_of_which_nothing_is_known_says_so() -> None:
    scene = lag_scenes.at_night()
    history = read_history(scene.answers["/lag/history"])
    hour = the_hour([history], NIGHT + timedelta(days=1))
    charts = lag_view(lag(scene.board), hour, NIGHT, EN).charts
    assert charts is not None
    assert ("Nothing is known of this hour.", "", None) == (
        charts.orders.description,
        charts.orders.most,
        charts.rows[0].cells[0],
    )
