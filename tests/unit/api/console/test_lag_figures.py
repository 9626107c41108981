"""Figures on the page Processing: no unknown is ever shown as 0, and charts are put in words."""

from datetime import timedelta

import pytest

from events.lag import read_history
from events.texts import _
from services.api.console.elements import Fact
from services.api.lag.stages import Cell
from services.api.lag.view import LagView, lag_view
from services.api.orders.waiting import waiting_view
from services.api.queries.orders import UNANSWERED, Counted, Waiting
from services.lag.document import last_hour
from services.texts.locale_format import LocaleFormat
from tests.api import lag_scenes
from tests.api.lag_boards import BUDGET, JOURNAL, NIGHT, a_board, a_stage, stages
from tests.unit.api.console.lag_views import (
    EN,
    FR,
    a_stage_that_is,
    figures,
    html_of,
    lag,
    table,
    view,
    view_of,
    waiting,
)

UNKNOWN = "—unknown"
OTHERS = ("reports_overdue", "parked", "dead_letters", "refusals", "deadline_events")


def positions(found: LagView) -> list[tuple[str | None, str]]:
    assert found.board is not None
    cells = [found.moment.position(each) for each in found.board.stages]
    return [(each.text, each.more) for each in cells]


def order_facts(found: LagView) -> list[Fact]:
    assert found.figures is not None
    assert found.figures.orders is not None
    return found.figures.order_facts(found.figures.orders)


@pytest.mark.parametrize("locale", [EN, FR])
def test_one_label_has_one_definition_of_what_is_unanswered(locale: LocaleFormat) -> None:
    """Today counts orders without an answer so far, Processing those without one for too long."""
    none = Counted(0, 0)
    nothing = Waiting(none, none, none, none, none, {UNANSWERED: none}, None)
    today = {each.label for each in waiting_view(nothing, NIGHT.date(), locale)}
    processing = {each.label for each in order_facts(view_of(a_board(), locale))}
    assert {locale.say(_("Overdue"))} == today & processing


def test_one_that_waited_is_no_plural() -> None:
    for count, english, french in (
        (1, "1 waited, and was decided since.", "1 était en attente et a été traité depuis."),
        (2, "2 waited, and were decided since.", "2 étaient en attente et ont été traités depuis."),
    ):
        board = a_board()
        board["outcomes"] |= {"resumed": count}
        board["parked"] |= {"past": count}
        assert (english, french) == (figures(board).resumed, figures(board, FR).resumed)
        its = "its" if count == 1 else "their"
        assert f"{count} past {its} deadline" == figures(board).past
    assert "" == figures(a_board(outcomes=None, parked=None)).resumed


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
        each
        | dict.fromkeys(
            ("committed", "end", "behind", "owner", "doing", "latest_event_at", "trend")
        )
        for each in a_stage(NIGHT)["partitions"]
    ]
    board = a_stage_that_is("UNKNOWN", **UNKNOWN_FIGURES, partitions=rows)
    found = view_of(board)
    assert [UNKNOWN] * 6 == table(found, "stages")[0][2:]
    for row in table(found, "partitions-ledger"):
        assert [UNKNOWN] * 5 == row[2:]


def test_a_stage_stands_where_its_partitions_stand_together() -> None:
    french = positions(view(lag_scenes.a_held_partition(), FR))
    assert ("198\u202f975", "fin 199\u202f108") == french[0]
    ledger, projector, *_ = positions(view(lag_scenes.a_held_partition()))
    assert ("198,975", "end 199,108") == ledger
    assert ("199,108", "end 199,108") == projector


@pytest.mark.parametrize(
    ("unknown", "position", "end"), [("committed", None, "end 199,108"), ("end", "199,108", "")]
)
def test_where_one_partition_does_not_say_the_stage_does_not(
    unknown: str, position: str | None, end: str
) -> None:
    rows = a_stage(NIGHT)["partitions"]
    rows[4] |= {unknown: None}
    found = view_of(a_board(stages=stages(NIGHT, ledger={"partitions": rows})))
    assert (position, end) == positions(found)[0]
    alone = view_of(a_board(stages=[a_stage(NIGHT) | {"partitions": []}]))
    assert [(None, "")] == positions(alone), "no partition, no place"


def test_what_is_not_there_is_none_and_not_unknown() -> None:
    _, _, _, behind, oldest, _, drain, _ = table(view_of(a_board()), "stages")[0]
    assert ("0→ level", "none", "none") == (behind, oldest, drain)


def test_what_does_not_get_less_promises_nothing() -> None:
    found = view(lag_scenes.postgresql_down())
    assert found.board is not None
    stage = found.board.stages[1]
    assert Cell("3,612", "↗ rising", late=True) == found.moment.backlog(stage)
    assert Cell(None) == found.moment.drain(stage)


@pytest.mark.parametrize("name", JOURNAL)
def test_a_group_that_the_watch_does_not_know_is_no_number(name: str) -> None:
    found = view_of(a_board() | {name: None})
    assert found.figures is not None
    articles = zip(OTHERS, waiting(found).values(), strict=True)
    unknown = {each for each, (heading, *_) in articles if heading.endswith(UNKNOWN)}
    assert unknown == {name} & {*OTHERS}
    assert (found.figures.orders is None) is (name == "orders")
    assert (found.figures.sum.whole.text is None) is (name == "outcomes")
    assert ([[UNKNOWN]] == table(found, "latencies")) is (name == "latencies")


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
    rows = table(view_of(a_board(latencies=[none, unknown])), "latencies")
    assert ["0", "none", "none", "none"] == rows[0][1:]
    assert ["teleported", *[UNKNOWN] * 4] == rows[1]


# ------------------------------------------------------------------ orders, and what else waits
def test_orders_that_wait_lead_to_their_page_with_what_is_late() -> None:
    found = view_of(a_board())
    assert [
        ("41 orders", "€614,800.00", False),
        ("issued 2 months ago", "", False),
        ("1 order", "€13,200.00", True),
        ("1 order", "€14,400.00 · the oldest issued 9 days ago", True),
    ] == [(each.text, each.more, each.late) for each in order_facts(found)]
    due, unanswered, partly, _ = table(found, "orders")
    hrefs = [each.attrib["href"] for each in html_of(found).iter("a")]
    assert f"/console/orders/{BUDGET}/CONV-2026-007/advance" in hrefs
    assert "2 days overdue" in due[-1]
    assert unanswered[1].endswith("unanswered for too long")
    assert "€11,800.00" == partly[2], "what is still to be paid"


def test_where_no_order_waits_nothing_is_late() -> None:
    none = {"count": 0, "amount_cents": 0}
    board = a_board(orders=none | {"due": none, "unacknowledged": none, "items": []})
    facts = order_facts(view_of(board, FR))
    assert [("0 mandat", False), ("rien", False), ("0 mandat", False), ("0 mandat", False)] == [
        (each.text, each.late) for each in facts
    ]


def test_what_else_waits_is_counted_and_named() -> None:
    reports, parked, dead, refused, deadlines = waiting(view_of(a_board())).values()
    headings = ["Reports overdue 2", "Parked events 5", "Dead letters 24", "Refusals 166"]
    assert headings == [each[0] for each in (reports, parked, dead, refused)]
    assert ["Deadline events written 12", "0 to be written"] == deadlines
    assert reports[2].startswith("CONV-2025-ORCHESTRE, activity report 2025")
    assert "closed year" in reports[3], "of a closed year it is shown all the same"
    assert "1 past its deadline" == parked[1]
    assert "waits for the convention CONV-2026-PATRONAGE" in parked[3]
    assert "Missing field17" == dead[2]
    assert "Insufficient credit101" == refused[2]


def test_of_many_reasons_the_most_frequent_are_named() -> None:
    codes = {"a": 1, "b": 5, "c": 2, "insufficient_credit": 9, "d": 1}
    board = a_board(refusals={"count": 18, "newest_at": None, "codes": codes})
    (_, *lines) = waiting(view_of(board))["refusals"]
    assert ["Insufficient credit9", "B5", "C2", "and 2 more"] == lines


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
    assert ("03:40:11", "23\u202fmin · 133", "41") == (first.until, first.cells[0], first.cells[-1])


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
    hour = last_hour([history], NIGHT + timedelta(days=1))
    charts = lag_view(lag(scene.board), hour, NIGHT, EN).charts
    assert charts is not None
    assert ("Nothing is known of this hour.", "", None) == (
        charts.orders.description,
        charts.orders.most,
        charts.rows[0].cells[0],
    )
