"""The page Lag: its first sentence in every state, and that no unknown is ever shown as 0."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from services.api.console.views.lag import lag_token, lag_view
from services.api.console.words import lag as states
from services.api.lag_board import State
from services.api.lag_merged import Answer, Lag, lag_of
from tests.api import lag_scenes
from tests.api.lag_boards import NIGHT, Json, a_board, stages, told
from tests.unit.api.console.lag_views import (
    ADDRESS,
    EN,
    FR,
    VOICES,
    a_stage_that_is,
    lag,
    view,
    view_of,
)

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
        "La comptabilité va jusqu'à 03:38:35, il y a 96 secondes.",
        "Accounting goes up to 03:38:35, 96 seconds ago.",
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
        "The watch gets no answer of Kafka.",
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
        "Accounting goes up to 03:29:10, 11 minutes ago. 3,612 records are left to read."
    ) == view(lag_scenes.postgresql_down()).verdict.lead


def test_how_long_a_burst_will_take_is_said_first() -> None:
    lead = view(lag_scenes.a_burst(), FR).verdict.lead.replace("\u202f", " ")
    assert "123 600 enregistrements restent à lire. À ce rythme, c'est l'affaire de 34 s." in lead


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


def test_a_watch_that_reads_the_journal_says_so_but_not_where_kafka_is_silent() -> None:
    for scene, said in ((lag_scenes.at_night(), True), (lag_scenes.broker_down(), False)):
        scene.board["watch"] |= {"ready": False}
        assert said is ("not-ready" in {each.name for each in view(scene).alarms})


def test_the_worst_stage_is_told_first_and_each_with_its_alarm() -> None:
    slow = {"state": "SLOW", "rule": "falls_behind", "behind": 9}
    held = {"state": "BROKEN", "rule": "held", "behind": 1}
    board = a_board(state="BROKEN", stages=stages(NIGHT, ledger=slow, projector=held))
    found = view_of(board)
    assert found.verdict.title.startswith("The read model cannot go on")
    assert ["do-ledger", "do-projector"] == [each.name for each in found.alarms]
    assert [True, True, False, False] == [each.opened for each in found.stages]


@pytest.mark.parametrize(
    ("rule", "french", "english", "do"),
    [
        (
            "cluster_silent",
            "Kafka ne répond plus à la surveillance.",
            "The watch gets no answer of Kafka.",
            "topics diff",
        ),
        (
            "not_looked",
            "La surveillance n'avance plus.",
            "The watch stands still.",
            "ecluse watch",
        ),
    ],
)
def test_a_watch_that_sees_no_consumer_says_why_and_is_told_of_once(
    rule: str, french: str, english: str, do: str
) -> None:
    blind = {"state": "UNKNOWN", "rule": rule, "behind": None}
    board = a_board(state="UNKNOWN", stages=stages(NIGHT, **dict.fromkeys(states.STAGES, blind)))
    assert [french, english] == [view_of(board, voice).verdict.title for voice in (FR, EN)]
    found = view_of(board)
    assert "It last looked at 03:40:10, 1 second ago." in found.verdict.lead
    (alarm,) = found.alarms
    assert do in alarm.notice.do
    assert {""} == {each.do_href for each in found.stages}
    never = view_of(board | {"sampled_at": None}).verdict.lead
    assert "It has not seen anything yet." in never


def test_a_night_on_which_nothing_comes_is_not_late() -> None:
    quiet: Json = {"state": "NO TRAFFIC", "rule": "no_traffic"}
    then = told(NIGHT - timedelta(hours=14))
    all_quiet = {name: quiet | {"up_to_date_to": then} for name in states.STAGES}
    found = view_of(a_board(state="NO TRAFFIC", stages=stages(NIGHT, **all_quiet)), EN)
    assert "good" == found.verdict.tone
    assert "Accounting is up to date to 25 November 2026 at 13:40:11, 14 hours ago." == (
        found.verdict.title
    )


def test_accounting_that_stands_since_yesterday_is_told_with_the_day() -> None:
    ledger = {"behind": 7, "up_to_date_to": told(NIGHT - timedelta(hours=14))}
    found = view_of(a_board(stages=stages(NIGHT, ledger=ledger)), FR)
    assert "La comptabilité va jusqu'au 25 novembre 2026 à 13:40:11, il y a 14 heures." == (
        found.verdict.title
    )


def test_how_far_accounting_is_nobody_knows_where_one_of_its_stages_does_not_say() -> None:
    board = a_board(stages=stages(NIGHT, projector={"up_to_date_to": None}))
    assert ("warn", "Nobody knows how far accounting is.") == (
        view_of(board).verdict.tone,
        view_of(board).verdict.title,
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


# ------------------------------------------------------------------ when a page is another
def test_a_page_is_another_once_a_state_is_and_not_for_each_figure() -> None:
    night = lag_token(lag(a_board()))
    later = lag_token(lag(a_board(at=told(NIGHT + timedelta(seconds=5))), later_s=5))
    on_its_way = lag_token(lag(lag_scenes.a_burst().board))
    assert night == later == on_its_way, "what comes and goes is told as time passes"
    wrong = [
        lag_token(lag(a_board() | {group: a_board()[group] | {name: 1}}))
        for group, name in (
            ("fates", "gap"),
            ("fates", "repeated"),
            ("watch", "balances_differing"),
            ("watch", "journal_faults"),
        )
    ]
    others = [
        *wrong,
        lag_token(lag(lag_scenes.a_held_partition().board)),
        lag_token(lag(a_board(), later_s=60)),
        lag_token(lag(a_board(), error="no_answer")),
        lag_token(Lag("nobody")),
    ]
    assert 9 == len({night, *others})
