"""The page Lag: its first sentence in every state, and that no unknown is ever shown as 0."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from services.api.console.views.lag import LagView, lag_token, lag_view
from services.api.console.views.lag_figures import Figures
from services.api.console.voice import Voice
from services.api.console.words import lag as states
from services.api.lag_board import State, read_board
from services.api.lag_history import read_history, the_hour
from services.api.lag_merged import Answer, Lag, lag_of
from services.api.language import Language
from tests.api import lag_scenes
from tests.api.lag_boards import BUDGET, JOURNAL, NIGHT, Json, a_board, a_stage, stages, told

FR = Voice.of(Language.FR)
EN = Voice.of(Language.EN)
VOICES = {"fr": FR, "en": EN}
ADDRESS = "http://watch:6066"


def lag(board: Json, *, later_s: float = 0, error: str | None = None) -> Lag:
    answer = Answer(ADDRESS, read_board(json.dumps(board).encode()), error)
    return lag_of([answer], NIGHT + timedelta(seconds=later_s))


def view_of(board: Json, voice: Voice = EN, *, later_s: float = 0) -> LagView:
    return lag_view(lag(board, later_s=later_s), None, NIGHT + timedelta(seconds=later_s), voice)


def view(scene: lag_scenes.Scene, voice: Voice = EN) -> LagView:
    hour = the_hour([read_history(scene.answers["/lag/history"])], NIGHT)
    return lag_view(lag(scene.board), hour, NIGHT, voice)


def figures(board: Json, voice: Voice = EN) -> Figures:
    found = view_of(board, voice).figures
    assert found is not None
    return found


# ------------------------------------------------------------------ the first sentence
SAID: Mapping[str, tuple[lag_scenes.Scene, str, str, str]] = {
    "all is well": (
        lag_scenes.at_night(),
        "good",
        "La comptabilité est à jour à 03:40:03, il y a 8 secondes.",
        "Accounting is up to date to 03:40:03, 8 seconds ago.",
    ),
    "a burst": (
        lag_scenes.a_burst(),
        "good",
        "La comptabilité va jusqu'au 26 novembre 2026 à 03:38:35, il y a 96 secondes.",
        "Accounting goes up to 26 November 2026 at 03:38:35, 96 seconds ago.",
    ),
    "a held partition": (
        lag_scenes.a_held_partition(),
        "bad",
        "Le grand livre ne peut plus avancer, au moins sur une partition.",
        "The ledger cannot go on, on one partition at least.",
    ),
    "Kafka is down": (
        lag_scenes.broker_down(),
        "bad",
        "Kafka ne répond plus à la surveillance.",
        "Kafka no longer answers the watch.",
    ),
    "PostgreSQL is down": (
        lag_scenes.postgresql_down(),
        "bad",
        "La base de lecture n'avance plus, au moins sur une partition.",
        "The read model stands still, on one partition at least.",
    ),
    "the treasury is gone": (
        lag_scenes.treasury_gone(),
        "bad",
        "La trésorerie ne tourne plus, au moins pour une partition.",
        "The treasury has stopped, for one partition at least.",
    ),
}


@pytest.mark.parametrize(("scene", "tone", "french", "english"), SAID.values(), ids=SAID)
def test_the_first_sentence(scene: lag_scenes.Scene, tone: str, french: str, english: str) -> None:
    found = [view(scene, voice).verdict for voice in (FR, EN)]
    assert [french, english] == [each.title for each in found]
    assert {tone} == {each.tone for each in found}


def test_what_is_not_well_is_told_with_how_far_accounting_is() -> None:
    assert "Accounting is up to date to 03:40:03, 8 seconds ago." in (
        view(lag_scenes.treasury_gone()).verdict.lead
    )
    assert (
        "Accounting goes up to 26 November 2026 at 03:29:10, 11 minutes ago. "
        "3,612 records are left to read."
    ) == view(lag_scenes.postgresql_down()).verdict.lead


def test_how_long_a_burst_will_take_is_said_first() -> None:
    lead = view(lag_scenes.a_burst(), FR).verdict.lead.replace("\u202f", " ")
    assert "123 600 enregistrements restent à lire. À ce rythme, c'est l'affaire de 34 s." in lead


def a_stage_that_is(state: str, **said: Any) -> Json:
    """A board on which the ledger is in this state."""
    ledger = {"state": state, "rule": "of_a_newer_watch", "behind": 3} | said
    return a_board(state=state, stages=stages(NIGHT, ledger=ledger))


@pytest.mark.parametrize("language", VOICES)
@pytest.mark.parametrize("state", State)
def test_each_state_is_told_in_words_with_what_to_do(state: State, language: str) -> None:
    found = view_of(a_stage_that_is(state.value), VOICES[language])
    stage = found.stages[0]
    said = VOICES[language].say(states.STATES[state])
    assert (state.value, said) == (stage.code, stage.state.said)
    if state in {State.OK, State.NO_TRAFFIC}:
        assert "good" == found.verdict.tone
        assert ([], "") == (list(found.alarms), stage.do_href)
        return
    (alarm,) = found.alarms
    assert f"#{alarm.name}" == stage.do_href
    assert said in alarm.notice.title
    assert VOICES[language].say(states.DO[state]) == alarm.notice.do
    assert states.RUNBOOKS[state] in alarm.notice.rule
    assert "of_a_newer_watch" == stage.seen, "a rule that is not known here keeps its name"


def test_the_worst_stage_is_told_first_and_each_with_its_alarm() -> None:
    slow = {"state": "SLOW", "rule": "falls_behind", "behind": 9}
    held = {"state": "BROKEN", "rule": "held", "behind": 1}
    board = a_board(state="BROKEN", stages=stages(NIGHT, ledger=slow, projector=held))
    found = view_of(board)
    assert found.verdict.title.startswith("The read model cannot go on")
    assert ["do-ledger", "do-projector"] == [each.name for each in found.alarms]
    assert [True, True, False, False] == [each.opened for each in found.stages]


def test_a_night_on_which_nothing_comes_is_not_late() -> None:
    quiet: Json = {"state": "NO TRAFFIC", "rule": "no_traffic"}
    then = told(NIGHT - timedelta(hours=14))
    all_quiet = {name: quiet | {"up_to_date_to": then} for name in states.STAGES}
    found = view_of(a_board(state="NO TRAFFIC", stages=stages(NIGHT, **all_quiet)), EN)
    assert "good" == found.verdict.tone
    assert "Accounting is up to date to 25 November 2026 at 13:40:11, 14 hours ago." == (
        found.verdict.title
    )


def test_before_the_first_event_nothing_is_late() -> None:
    new = {"state": "NO TRAFFIC", "rule": "nothing_written", "up_to_date_to": None}
    all_new = dict.fromkeys(states.STAGES, new)
    found = view_of(a_board(state="NO TRAFFIC", stages=stages(NIGHT, **all_new)), EN)
    assert ("good", "Nothing is late: no event has come yet.") == (
        found.verdict.tone,
        found.verdict.title,
    )


@pytest.mark.parametrize(
    ("otherwise", "name", "said"),
    [
        ({"fates": {"gap": 2}}, "gap", "Of 2 records that the ledger read"),
        ({"fates": {"repeated": 1}}, "repeated", "1 places that were read"),
        ({"watch": {"balances_differing": 3}}, "differing", "3 published balances differ"),
        ({"watch": {"journal_faults": 1}}, "faults", "does not follow the one before it"),
    ],
)
def test_a_count_that_must_be_nothing_is_told_first_where_it_is_not(
    otherwise: dict[str, Json], name: str, said: str
) -> None:
    board = a_board()
    for group, figures in otherwise.items():
        board[group] |= figures
    found = view_of(board)
    assert ("bad", "Do not rely on these accounts before a check.") == (
        found.verdict.tone,
        found.verdict.lead,
    )
    (alarm,) = found.alarms
    assert name == alarm.name
    assert said in alarm.notice.said
    assert "ecluse verify" in alarm.notice.do


# ------------------------------------------------------------------ old, away, nobody
def test_a_watch_that_froze_says_nothing_of_now() -> None:
    found = view_of(lag_scenes.a_held_partition().board, EN, later_s=300)
    assert "Nobody knows at this moment who is behind." == found.verdict.title
    assert "stands at 03:40:11, 5 minutes ago" in found.verdict.lead
    assert {"UNKNOWN"} == {each.code for each in found.stages}
    assert {"unknown"} == {each.state.said for stage in found.stages for each in stage.partitions}
    assert "at 03:40:11: cannot go on" == found.stages[0].seen
    assert ["do-watch-old"] == [each.name for each in found.alarms]
    assert "" == found.stages[0].do_href
    assert "answers, but stands at 03:40:11" == found.watches[0].said


def test_a_watch_whose_clock_runs_ahead_says_nothing_of_now() -> None:
    found = view_of(lag_scenes.at_night().board, EN, later_s=-180)
    assert "The clock of the watch says 03:40:11, and that of the API 03:37:11" in (
        found.verdict.lead
    )


@pytest.mark.parametrize(
    ("error", "french", "english"),
    [
        ("no_answer", "ne répond pas", "does not answer"),
        ("unreadable", "ne comprend pas", "does not understand"),
    ],
)
def test_a_watch_that_does_not_answer(error: str, french: str, english: str) -> None:
    never = lag_of([Answer(ADDRESS, None, error)], NIGHT)
    for voice, said in ((FR, french), (EN, english)):
        found = lag_view(never, None, NIGHT, voice)
        assert "bad" == found.verdict.tone
        assert "ecluse lag" in found.verdict.lead
        assert said in found.watches[0].said
        assert (None, None) == (found.figures, found.charts)
        known = lag_view(lag(a_board(), error=error), None, NIGHT, voice)
        assert known.figures is not None, "what it last said is shown, as old"
        assert {"UNKNOWN"} == {each.code for each in known.stages}


@pytest.mark.parametrize(
    ("asks", "tone", "french", "english"),
    [
        ("one_process", "info", "un seul processus", "in one process"),
        ("nobody", "warn", "ECLUSE_WATCH_URL", "ECLUSE_WATCH_URL"),
    ],
)
def test_where_there_is_no_watch_the_page_says_why(
    asks: Any, tone: str, french: str, english: str
) -> None:
    for voice, said in ((FR, french), (EN, english)):
        found = lag_view(Lag(asks), None, NIGHT, voice)
        assert (tone, True) == (found.verdict.tone, said in found.verdict.lead)


# ------------------------------------------------------------------ no unknown is 0
UNKNOWN_FIGURES = {
    "behind": None,
    "oldest_event_at": None,
    "up_to_date_to": None,
    "drain_s": None,
    "trend": None,
    "members": None,
}


def test_what_nobody_knows_of_a_stage_is_no_number() -> None:
    rows = [
        each | dict.fromkeys(("committed", "end", "behind", "owner", "up_to_date_to", "trend"))
        for each in a_stage(NIGHT)["partitions"]
    ]
    board = a_stage_that_is("UNKNOWN", **UNKNOWN_FIGURES, partitions=rows)
    stage = view_of(board).stages[0]
    for figure in (stage.behind, stage.oldest, stage.up_to, stage.drain, stage.members):
        assert (None, "") == (figure.said, figure.more)
    for row in stage.partitions:
        found = (row.position, row.behind, row.oldest, row.up_to, row.owner)
        assert [None] * 5 == [each.said for each in found]


def test_what_is_not_there_is_none_and_not_unknown() -> None:
    stage = view_of(a_board()).stages[0]
    assert ("0", "none", "none") == (stage.behind.said, stage.oldest.said, stage.drain.said)


def test_what_does_not_get_less_promises_nothing() -> None:
    stage = view(lag_scenes.postgresql_down()).stages[1]
    assert ("3,612", None) == (stage.behind.said, stage.drain.said)
    assert ("↗ rising", True) == (stage.behind.more, stage.behind.late)


@pytest.mark.parametrize("name", JOURNAL)
def test_a_group_that_the_watch_does_not_know_is_no_number(name: str) -> None:
    found = figures(a_board() | {name: None})
    others = dict(
        zip(
            ("reports_overdue", "parked", "dead_letters", "refusals", "letters"),
            found.others,
            strict=True,
        )
    )
    unknown = {each for each, other in others.items() if other.count is None}
    assert unknown == {name} & others.keys()
    assert (found.orders.facts is None) is (name == "orders")
    assert (found.sum.whole.said is None) is (name == "fates")
    assert (len(found.latencies) == 0) is (name == "latencies")


@pytest.mark.parametrize("name", ["received", "gap", "in_flight", "repeated"])
def test_a_count_of_which_a_part_is_unknown_cannot_be_checked(name: str) -> None:
    board = a_board()
    board["fates"] |= {name: None}
    found = figures(board)
    assert "unknown" == found.sum.result.tone
    assert (found.sum.whole.said is None) is (name != "repeated")


def test_received_is_the_sum_of_the_fates_and_of_what_is_on_its_way() -> None:
    board = a_board()
    board["fates"] |= {"in_flight": 5}
    found = figures(board).sum
    assert ("139,113", "good", "The count adds up.") == (
        found.whole.said,
        found.result.tone,
        found.result.said,
    )
    assert ["138,402", "511", "166", "5", "24", "5"] == [each.said for each in found.terms]


def test_a_gap_is_a_term_of_its_own_and_bad() -> None:
    board = a_board()
    board["fates"] |= {"gap": 2}
    found = figures(board).sum
    assert ("gap", "2") == (found.terms[-1].name, found.terms[-1].said)
    assert ("139,110", "bad") == (found.whole.said, found.result.tone)


def test_a_step_that_nothing_passed_took_no_time_of_which_anybody_knows() -> None:
    none = {"stage": "treasury", "count": 0, "p50_s": None, "p95_s": None, "max_s": None}
    unknown = {"stage": "teleported", "count": None, "p50_s": None, "p95_s": None, "max_s": None}
    rows = figures(a_board(latencies=[none, unknown])).latencies
    assert ("0", "none") == (rows[0].count.said, rows[0].longest.said)
    assert ("teleported", None, None) == (rows[1].said, rows[1].count.said, rows[1].half.said)


# ------------------------------------------------------------------ orders, and what else waits
def test_orders_that_wait_lead_to_their_page_with_what_is_late() -> None:
    orders = figures(a_board()).orders
    assert orders.facts is not None
    assert [
        ("41 orders", "€614,800.00", False),
        ("issued 2 months ago", "", False),
        ("1 order", "€13,200.00", True),
        ("1 order", "€14,400.00 · the oldest issued 9 days ago", True),
    ] == [(each.said, each.more, each.late) for each in orders.facts]
    due, unanswered, partly, _ = orders.rows
    assert f"/console/orders/{BUDGET}/CONV-2026-007/advance" == due.link.href
    assert due.due.late
    assert ["no answer"] == [each.said for each in unanswered.badges]
    assert "€11,800.00" == partly.left, "what is still to be paid"


def test_where_no_order_waits_nothing_is_late() -> None:
    none = {"count": 0, "amount_cents": 0}
    board = a_board(orders=none | {"due": none, "unacknowledged": none, "items": []})
    facts = figures(board, FR).orders.facts
    assert facts is not None
    assert [("0 mandat", False), ("rien", False), ("0 mandat", False), ("0 mandat", False)] == [
        (each.said, each.late) for each in facts
    ]


def test_what_else_waits_is_counted_and_named() -> None:
    reports, parked, dead, refused, letters = figures(a_board()).others
    assert ["2", "5", "24", "166", "12"] == [
        each.count for each in (reports, parked, dead, refused, letters)
    ]
    assert "CONV-2025-ORCHESTRE, activity report 2025" == reports.lines[1].said
    assert reports.lines[2].badge is not None, "of a closed year it is shown all the same"
    assert "1 past their deadline" == parked.late
    assert "waits for the convention CONV-2026-PATRONAGE" in parked.lines[1].more
    assert ("Missing field", "17") == (dead.lines[1].said, dead.lines[1].more)
    assert "Insufficient credit" == refused.lines[1].said


def test_of_many_reasons_the_most_frequent_are_named() -> None:
    codes = {"a": 1, "b": 5, "c": 2, "insufficient_credit": 9, "d": 1}
    board = a_board(refusals={"count": 18, "newest_at": None, "codes": codes})
    lines = figures(board).others[3].lines
    assert ["Insufficient credit", "B", "C", "and 2 more"] == [each.said for each in lines]


# ------------------------------------------------------------------ charts
def test_the_hour_is_told_in_words_for_who_listens() -> None:
    charts = view(lag_scenes.a_held_partition()).charts
    assert charts is not None
    ledger = charts.late[0]
    assert ("Ledger", "23\u202fmin", "at most 23\u202fmin") == (
        ledger.title,
        ledger.now,
        ledger.most,
    )
    assert "Now 23\u202fmin; at most 23\u202fmin, at 03:40:11." == ledger.words
    assert ["Ledger", "Read model", "Watch", "Treasury", "Payment orders waiting"] == charts.heads
    assert 12 == len(charts.rows)
    first = charts.rows[0]
    assert ("03:40:11", "23\u202fmin · 133", "41") == (
        first.until,
        first.cells[0],
        first.cells[-1],
    )


def test_what_nobody_knew_is_a_gap_and_said_to_be() -> None:
    charts = view(lag_scenes.broker_down()).charts
    assert charts is not None
    ledger = charts.behind[0]
    assert ledger.now is None
    assert 1 == len(ledger.drawn.gaps)
    assert "Now unknown; at most 0" in ledger.words
    assert "Unknown for 4 minutes of the hour." in ledger.words
    assert "≥ 0\u202fs · ≥ 0" == charts.rows[0].cells[0]


def test_an_hour_of_which_nothing_is_known_says_so() -> None:
    scene = lag_scenes.at_night()
    history = read_history(scene.answers["/lag/history"])
    hour = the_hour([history], NIGHT + timedelta(days=1))
    charts = lag_view(lag(scene.board), hour, NIGHT, EN).charts
    assert charts is not None
    assert ("Nothing is known of this hour.", "", None) == (
        charts.orders.words,
        charts.orders.most,
        charts.rows[0].cells[0],
    )


# ------------------------------------------------------------------ when a page is another
def test_a_page_is_another_once_a_state_is_and_not_for_each_figure() -> None:
    night = lag_token(lag(a_board()))
    later = lag_token(lag(a_board(at=told(NIGHT + timedelta(seconds=5))), later_s=5))
    assert night == later
    others = [
        lag_token(lag(lag_scenes.a_held_partition().board)),
        lag_token(lag(a_board(), later_s=60)),
        lag_token(lag(a_board(), error="no_answer")),
        lag_token(Lag("nobody")),
    ]
    assert 5 == len({night, *others})
