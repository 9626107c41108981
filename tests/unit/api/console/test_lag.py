"""The page Processing: its first sentence in every state; no unknown is ever shown as 0."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from events.lag import Stage, State
from services.api.lag.stages import Cell
from services.api.lag.view import LagView, lag_token, lag_view
from services.lag.document import QUIET_S, Answer, Lag, lag_of
from services.lag.judge.states import QUIET_S as OF_THE_WATCH
from services.lag.present import texts as states
from tests.api import lag_scenes
from tests.api.lag_boards import NIGHT, Json, a_board, stages, timestamp
from tests.unit.api.console.lag_views import (
    ADDRESS,
    EN,
    FR,
    LOCALES,
    a_stage_that_is,
    html_of,
    lag,
    table,
    view,
    view_of,
)


def first_stage(found: LagView) -> Stage:
    assert found.board is not None
    return found.board.stages[0]


def hrefs(found: LagView) -> list[str]:
    return [each.attrib["href"] for each in html_of(found).iter("a")]


# ------------------------------------------------------------------ the first sentence
SHOWN: Mapping[str, tuple[lag_scenes.Scene, str, str, str]] = {
    "all is well": (
        lag_scenes.at_night(),
        "good",
        "Tout ce qui a été reçu est dans les comptes.",
        "All that was received is in the accounts.",
    ),
    "a burst": (
        lag_scenes.a_burst(),
        "info",
        "Ce qui vient d'arriver est en chemin vers les comptes.",
        "What has just come is on its way into the accounts.",
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


@pytest.mark.parametrize(("scene", "tone", "french", "english"), SHOWN.values(), ids=SHOWN)
def test_the_first_sentence(scene: lag_scenes.Scene, tone: str, french: str, english: str) -> None:
    found = [view(scene, locale).verdict for locale in (FR, EN)]
    assert [french, english] == [each.title for each in found]
    assert {tone} == {each.tone for each in found}


def test_what_is_not_well_is_shown_with_how_far_the_accounts_are() -> None:
    assert (
        "All that was received is in the accounts. 18 records are left to read. "
        "Oldest event waiting: 02:55:11."
    ) == view(lag_scenes.treasury_gone()).verdict.lead
    assert (
        "3,612 records are left to read. Oldest event waiting: 03:29:11."
        == view(lag_scenes.postgresql_down()).verdict.lead
    )


def test_since_when_a_dead_ledger_stands_is_shown_with_a_bound_on_what_waits() -> None:
    scene = lag_scenes.a_dead_ledger()
    assert (
        "12 enregistrements restent à lire. Dans cet état depuis 03:39:33. "
        "En attente depuis 03:39:29 au moins."
    ) == view(scene, FR).verdict.lead
    assert (
        "12 records are left to read. In this state since 03:39:33. "
        "Waiting since 03:39:29 at least."
    ) == view(scene).verdict.lead
    found = view(scene)
    assert found.board is not None
    oldest = Cell("since 03:39:29", "at least, 42 seconds ago", late=True)
    stage = found.board.stages[0]
    assert oldest == found.moment.oldest(stage)
    assert [oldest] * 3 == [found.moment.oldest(each) for each in stage.partitions[:3]]
    ledger = table(found, "stages")[0]
    assert "In this state since 03:39:33." in ledger[1]
    known = view_of(a_stage_that_is("STOPPED", oldest_event_at=timestamp(NIGHT)))
    assert "Oldest event waiting: 03:40:11." in known.verdict.lead


def test_when_it_was_seen_and_of_when_the_latest_event_is_are_two_facts() -> None:
    facts = [view(lag_scenes.at_night(), locale).verdict.facts for locale in (FR, EN)]
    assert [
        "Vu à 03:40:10. Dernier événement daté du 26 novembre 2026 à 03:40:03.",
        "Seen at 03:40:10. Latest event dated 26 November 2026 at 03:40:03.",
    ] == facts
    assert "" == view(lag_scenes.broker_down()).verdict.facts


def test_who_has_watched_for_a_moment_says_so_and_not_that_nothing_comes() -> None:
    board = a_board()
    for stage in board["stages"]:
        stage["watched_s"] = 20.0
        stage["partitions"] = [each | {"watched_s": 20.0} for each in stage["partitions"]]
    for locale, texts in ((FR, "Observé depuis 20\u202fs."), (EN, "Watched for 20\u202fs.")):
        found = view_of(board, locale)
        assert texts == found.watched
        stage = first_stage(found)
        assert found.moment.explain_row(stage, stage).endswith(texts)
        assert "" == found.moment.explain_row(stage.partitions[0], stage), (
            "the stage says it for all"
        )
    for stage in board["stages"]:
        stage["watched_s"] = QUIET_S
    assert "" == view_of(board).watched
    assert OF_THE_WATCH == QUIET_S


def test_how_long_a_burst_will_take_is_shown_first() -> None:
    lead = view(lag_scenes.a_burst(), FR).verdict.lead.replace("\u202f", " ")
    assert "123 600 enregistrements restent à lire. À ce rythme, c'est l'affaire de 34 s." in lead


@pytest.mark.parametrize("language", LOCALES)
@pytest.mark.parametrize("state", State)
def test_each_state_is_shown_in_texts_with_what_to_do(state: State, language: str) -> None:
    found = view_of(a_stage_that_is(state.value), LOCALES[language])
    moment, stage = found.moment, first_stage(found)
    phrase = LOCALES[language].say(states.STATES[state])
    assert (state.value, phrase) == (moment.code(state), moment.state(state).text)
    do_href = moment.do_href(stage, stage.state)
    if state in {State.OK, State.NO_TRAFFIC}:
        assert "info" == found.verdict.tone, "three records are on their way"
        assert ([], "") == (list(found.alarms), do_href)
        return
    (alarm,) = found.alarms
    assert f"#{alarm.name}" == do_href
    assert phrase in alarm.notice.title
    assert LOCALES[language].say(states.remedy(stage)) == alarm.notice.do
    assert alarm.notice.more is not None
    assert f"/console/help/{states.RUNBOOKS[state]}" == alarm.notice.more.href
    assert "of_a_newer_watch" == moment.explain_row(stage, stage), (
        "a rule that is not known here keeps its name"
    )


def test_a_watch_that_reads_the_journal_says_so_but_not_where_kafka_is_silent() -> None:
    for scene, phrase in ((lag_scenes.at_night(), True), (lag_scenes.broker_down(), False)):
        scene.board["watch"] |= {"ready": False}
        assert phrase is ("not-ready" in {each.name for each in view(scene).alarms})


def test_the_worst_stage_is_shown_first_and_each_with_its_alarm() -> None:
    slow = {"state": "SLOW", "rule": "falls_behind", "behind": 9}
    held = {"state": "BROKEN", "rule": "held", "behind": 1}
    board = a_board(state="BROKEN", stages=stages(NIGHT, ledger=slow, projector=held))
    found = view_of(board)
    assert found.verdict.title.startswith("The read model cannot go on")
    assert ["do-ledger", "do-projector"] == [each.name for each in found.alarms]
    opened = ["open" in each.attrib for each in html_of(found).findall(".//details")]
    assert [True, True, False, False] == opened[:4]


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
            "not_sampled",
            "La surveillance n'avance plus.",
            "The watch stands still.",
            "ecluse watch",
        ),
    ],
)
def test_a_watch_that_sees_no_consumer_says_why_and_covers_once(
    rule: str, french: str, english: str, do: str
) -> None:
    blind = {"state": "UNKNOWN", "rule": rule, "behind": None}
    board = a_board(state="UNKNOWN", stages=stages(NIGHT, **dict.fromkeys(states.STAGES, blind)))
    assert [french, english] == [view_of(board, locale).verdict.title for locale in (FR, EN)]
    found = view_of(board)
    assert "It last looked at 03:40:10, 1 second ago." in found.verdict.lead
    (alarm,) = found.alarms
    assert do in alarm.notice.do
    assert "#do-" not in "".join(hrefs(found))
    never = view_of(board | {"sampled_at": None}).verdict.lead
    assert "It has not seen anything yet." in never


def test_a_night_on_which_nothing_comes_is_not_late() -> None:
    quiet: Json = {"state": "NO TRAFFIC", "rule": "no_traffic"}
    then = timestamp(NIGHT - timedelta(hours=14))
    all_quiet = {name: quiet | {"latest_event_at": then} for name in states.STAGES}
    found = view_of(a_board(state="NO TRAFFIC", stages=stages(NIGHT, **all_quiet)), EN)
    assert "good" == found.verdict.tone
    assert "All that was received is in the accounts." == found.verdict.title
    assert "Latest event dated 25 November 2026 at 13:40:11." in found.verdict.facts


def test_a_read_model_that_tells_no_time_has_no_latest_event() -> None:
    board = a_board(stages=stages(NIGHT, projector={"latest_event_at": None}))
    assert ("good", "Seen at 03:40:10.") == (
        view_of(board).verdict.tone,
        view_of(board).verdict.facts,
    )


def test_how_far_the_accounts_are_nobody_knows_where_one_of_their_stages_does_not_say() -> None:
    board = a_board(stages=stages(NIGHT, projector={"behind": None, "partitions": []}))
    assert ("warn", "Nobody knows how far the accounts are.") == (
        view_of(board).verdict.tone,
        view_of(board).verdict.title,
    )


def test_before_the_first_event_the_accounts_are_empty() -> None:
    new = {"latest_event_at": None}
    board = a_board(stages=stages(NIGHT, **dict.fromkeys(states.STAGES, new)))
    for stage in board["stages"]:
        never = {"committed": None, "end": 0}
        stage["partitions"] = [each | never for each in stage["partitions"]]
    assert ("info", "The accounts are empty: no event is in them yet.") == (
        view_of(board).verdict.tone,
        view_of(board).verdict.title,
    )


@pytest.mark.parametrize(
    ("otherwise", "name", "phrase"),
    [
        ({"outcomes": {"gap": 2}}, "gap", "Of 2 records that the ledger read"),
        ({"outcomes": {"repeated": 1}}, "repeated", "1 place that was read"),
        ({"watch": {"balances_differing": 3}}, "differing", "3 published balances differ"),
        ({"watch": {"journal_faults": 1}}, "faults", "does not follow the one before it"),
    ],
)
def test_a_count_that_must_be_nothing_is_shown_first_where_it_is_not(
    otherwise: dict[str, Json], name: str, phrase: str
) -> None:
    board = a_board()
    for group, figures in otherwise.items():
        board[group] |= figures
    found = view_of(board)
    assert ("bad", "Do not rely on these accounts before a check.") == (
        found.verdict.tone,
        found.verdict.title,
    )
    (alarm,) = found.alarms
    assert name == alarm.name
    assert phrase in alarm.notice.text
    assert "ecluse verify" in alarm.notice.do


# ------------------------------------------------------------------ old, away, nobody
def test_a_watch_that_froze_says_nothing_of_now() -> None:
    found = view_of(lag_scenes.a_held_partition().board, EN, later_s=300)
    assert "Nobody knows at this moment who is behind." == found.verdict.title
    assert "stands at 03:40:11, 5 minutes ago" in found.verdict.lead
    states_shown = [row[1] for row in table(found, "stages")]
    assert ["unknown UNKNOWN"] * 4 == [each[: len("unknown UNKNOWN")] for each in states_shown]
    partitions = [row[1] for row in table(found, "partitions-ledger")]
    assert {"unknown"} == {each.partition(" ")[0] for each in partitions}
    assert "at 03:40:11: cannot go on" == found.moment.explain_row(
        first_stage(found), first_stage(found)
    )
    assert ["do-watch-old"] == [each.name for each in found.alarms]
    assert "#do-" not in "".join(hrefs(found))
    assert [(ADDRESS, "answers, but stands at 03:40:11")] == [
        (address, state.text) for address, state in found.watches
    ]


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
    for locale, phrase in ((FR, french), (EN, english)):
        found = lag_view(never, None, NIGHT, locale)
        assert "bad" == found.verdict.tone
        assert "ecluse lag" in found.verdict.lead
        assert phrase in found.watches[0][1].text
        assert (None, None) == (found.figures, found.charts)
        known = lag_view(lag(a_board(), error=error), None, NIGHT, locale)
        assert known.figures is not None, "what it last said is shown, as old"
        assert "UNKNOWN" == known.moment.code(State.OK)


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
    for locale, phrase in ((FR, french), (EN, english)):
        found = lag_view(Lag(asks), None, NIGHT, locale)
        assert (tone, True) == (found.verdict.tone, phrase in found.verdict.lead)


# ------------------------------------------------------------------ when a page is another
def test_a_page_is_another_once_a_state_is_and_not_for_each_figure() -> None:
    night = lag_token(lag(a_board()))
    later = lag_token(lag(a_board(at=timestamp(NIGHT + timedelta(seconds=5))), later_s=5))
    in_flight = lag_token(lag(lag_scenes.a_burst().board))
    assert night == later == in_flight, "what comes and goes is reported as time passes"
    wrong = [
        lag_token(lag(a_board() | {group: a_board()[group] | {name: 1}}))
        for group, name in (
            ("outcomes", "gap"),
            ("outcomes", "repeated"),
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
