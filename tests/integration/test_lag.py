"""`ecluse lag` over watches that answer as ours does, or do not: words, figures, exit codes."""

import json
import os
import pty
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, Final

import pytest

from services.api.clock import the_clock_on_the_wall
from services.cli import lag, lag_asking
from tests.api.a_watch import AWatch, a_watch
from tests.api.lag_boards import NIGHT, a_board, a_partition, a_stage, stages, told
from tests.api.lag_scenes import (
    Scene,
    a_burst,
    a_held_partition,
    at_night,
    broker_down,
    postgresql_down,
    treasury_gone,
)
from tests.builders import IBAN
from tests.integration.command import COMMAND, Said, ecluse, environment
from tests.kafka.workers import eventually

Json = dict[str, Any]
Serve = Callable[..., AWatch]

GROUPS: Final = (
    "fates",
    "latencies",
    "orders",
    "reports_overdue",
    "parked",
    "dead_letters",
    "refusals",
    "letters",
)
"""What the watch may not know as a whole."""


@pytest.fixture
def serve() -> Iterator[Serve]:
    """A watch that gives a scene; several where it is called again."""
    with ExitStack() as open_:

        def a_scene(scene: Scene | Json) -> AWatch:
            board = scene.board if isinstance(scene, Scene) else scene
            answers = {"/lag": json.dumps(board).encode()}
            return open_.enter_context(a_watch(answers))

        yield a_scene


@pytest.fixture
def _at_night(monkeypatch: pytest.MonkeyPatch) -> None:
    turn_clock_to(monkeypatch, NIGHT)


def turn_clock_to(monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    monkeypatch.setattr(lag, "the_clock_on_the_wall", lambda: now)


def asked(*watches: AWatch, args: tuple[str, ...] = (), language: str = "en") -> Said:
    where = ",".join(watch.url for watch in watches)
    return ecluse("lag", "--url", where, "--lang", language, *args, COLUMNS="120")


# ------------------------------------------------------------------ what it says
@pytest.mark.usefixtures("_at_night")
@pytest.mark.parametrize(
    ("scene", "code", "english", "french"),
    [
        (at_night, 0, "The count adds up.", "Le compte est bon."),
        (a_burst, 1, "123,600 ↑", "123\u202f600 ↑"),
        (
            a_held_partition,
            1,
            "events/1 is held before 50871: mandat-2026-11-26-0044.",
            "events/1 est retenue avant 50871\u00a0: mandat-2026-11-26-0044.",
        ),
        (
            broker_down,
            1,
            "Kafka has not answered since 03:36:11 (4 min ago).",
            "Kafka n'a pas répondu depuis 03:36:11 (il y a 4 min).",
        ),
        (postgresql_down, 1, "tries again", "réessaie"),
        (treasury_gone, 1, "payment-orders/0", "payment-orders/0"),
    ],
    ids=lambda scene: getattr(scene, "__name__", ""),
)
def test_what_happens_at_night_is_said_in_both_languages(
    serve: Serve, scene: Callable[[], Scene], code: int, english: str, french: str
) -> None:
    watch = serve(scene())
    for language, words in (("en", english), ("fr", french)):
        said = asked(watch, language=language)
        assert (code, "") == (said.code, said.err)
        assert words in said.text


@pytest.mark.usefixtures("_at_night")
def test_the_page_stands_from_the_top_down(serve: Serve) -> None:
    said = asked(serve(at_night())).text
    headings = (
        "As seen at 03:40:11 (0 s ago).",
        "The accounts are up to date to 03:40:03 (8 s ago).",
        "Where each stage is",
        "By partition",
        "Received: 139,108 = 138,402 accepted + 511 duplicates + 166 refused + 5 parked",
        "24 dead letters; in flight: 0.",
        "Latencies of the last hour",
        "Payment orders waiting: 41, €614,800.00; the oldest: ",
        "By state: issued 29, taken in charge 11, on hold 1, rejected 0.",
        "Due: 1, €13,200.00.",
        "Unacknowledged for too long: 1, €14,400.00; the oldest: ",
        "Orders that have waited longest",
        "Reports overdue: 2; the oldest: 2026-06-30.",
        "Parked events: 5, 1 of them past their deadline; the oldest: ",
        "Dead letters: 24, the first: ",
        "missing_field 17, bad_json 7.",
        "Refusals: 166, the last: ",
        "insufficient_credit 101, overpayment 65.",
        "Letters about deadlines: 12 written, 0 to be written.",
        "Second opinion (watch-1): 3 budgets, 0 balances that differ, 0 faults of the journal.",
    )
    text = " ".join(said.split())
    places = [text.find(heading) for heading in headings]
    assert [] == [each for each, at in zip(headings, places, strict=True) if at < 0]
    assert places == sorted(places)


@pytest.mark.usefixtures("_at_night")
def test_what_nobody_knows_is_a_dash_and_never_0(serve: Serve) -> None:
    said = asked(serve(broker_down()))
    row = next(line for line in said.text.splitlines() if "│ events/0 " in line)
    assert ["—", "—", "—", "—", "—"] == [
        cell.strip() for cell in row.split("│")[3:9] if cell.strip() == "—"
    ]
    assert "in flight: —" in said.text
    assert "Whether the count adds up is not known: —." in said.text


@pytest.mark.usefixtures("_at_night")
@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_group_of_figures_that_the_watch_does_not_know_is_a_dash(
    serve: Serve, language: str
) -> None:
    unknown = asked(serve(a_board() | dict.fromkeys(GROUPS)), language=language)
    assert 1 == unknown.code, "a count that nobody knows is not well"
    assert len(GROUPS) == unknown.text.count(": —.") - unknown.text.count("up to date: —")


@pytest.mark.usefixtures("_at_night")
@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"gap": 3}, "3 read and of no known fate, 0 counted twice"),
        ({"repeated": 1}, "0 read and of no known fate, 1 counted twice"),
        ({"gap": None}, "Whether the count adds up is not known"),
    ],
)
def test_fates_that_do_not_add_up_exit_1(serve: Serve, said: Json, words: str) -> None:
    board = a_board()
    board["fates"] |= said
    shown = asked(serve(board))
    assert (1, True) == (shown.code, words in shown.text)


@pytest.mark.usefixtures("_at_night")
@pytest.mark.parametrize("wrong", ["balances_differing", "journal_faults"])
def test_a_second_opinion_that_differs_exits_1(serve: Serve, wrong: str) -> None:
    board = a_board()
    board["watch"] |= {wrong: 2}
    assert 1 == asked(serve(board)).code


@pytest.mark.usefixtures("_at_night")
def test_a_stage_and_a_rule_newer_than_this_command_are_called_by_their_names(
    serve: Serve,
) -> None:
    board = a_board(state="SLEEPY", stages=[{**a_stage(NIGHT), "stage": "auditor"}])
    board["stages"][0] |= {"state": "SLEEPY", "rule": "yawns"}
    said = asked(serve(board))
    assert (1, True, True) == (said.code, "auditor" in said.text, "yawns" in said.text)


@pytest.mark.usefixtures("_at_night")
def test_what_an_event_says_neither_moves_the_cursor_nor_shows_an_account(serve: Serve) -> None:
    held = {"offset": 5, "event_id": f"\x1b[2J{IBAN}"}
    broken = a_partition(state="BROKEN", rule="held", behind=9, held=held)
    ledger = {"state": "BROKEN", "rule": "held", "partitions": [broken]}
    said = asked(serve(a_board(state="BROKEN", stages=stages(NIGHT, ledger=ledger))))
    assert "\x1b" not in said.text
    assert (False, True) == (IBAN in said.text, "FR76…0110" in said.text)


# ------------------------------------------------------------------ old, silent, no watch
@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "UNKNOWN. The watch stands at 03:40:11 (34 s ago): nothing is known of now."),
        ("fr", "INCONNU. La surveillance en est restée à 03:40:11 (il y a 34 s)"),
    ],
)
def test_an_old_answer_says_so_itself(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, language: str, words: str
) -> None:
    turn_clock_to(monkeypatch, NIGHT + timedelta(seconds=34))
    said = asked(serve(at_night()), language=language)
    assert 1 == said.code
    assert words in " ".join(said.text.split())


def test_an_answer_is_old_from_twelve_seconds_on(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = serve(a_board(sampled_at=told(NIGHT)))
    for seconds, code in ((12, 0), (13, 1), (-13, 1)):
        turn_clock_to(monkeypatch, NIGHT + timedelta(seconds=seconds))
        assert code == asked(watch).code, seconds


@pytest.mark.usefixtures("_at_night")
@pytest.mark.parametrize(
    ("sampled_at", "words"),
    [
        (None, "UNKNOWN. Kafka has not answered yet."),
        (told(NIGHT - timedelta(seconds=13)), "UNKNOWN. Kafka has not answered since 03:39:58"),
    ],
)
def test_where_kafka_is_silent_nothing_is_well(
    serve: Serve, sampled_at: str | None, words: str
) -> None:
    said = asked(serve(a_board(sampled_at=sampled_at)))
    assert (1, True) == (said.code, said.text.startswith(words))


@pytest.mark.parametrize(
    ("language", "words"), [("fr", "la surveillance ne répond pas"), ("en", "no watch answers")]
)
@pytest.mark.parametrize("args", [(), ("--json",)], ids=["people", "programs"])
def test_a_watch_that_is_not_there_exits_3_in_words(
    args: tuple[str, ...], language: str, words: str
) -> None:
    said = ecluse("lag", *args, "--lang", language, ECLUSE_WATCH_URL="http://127.0.0.1:1")
    assert (3, b"") == (said.code, said.out)
    assert words in said.err
    assert "http://127.0.0.1:1" in said.err
    assert "Traceback" not in said.err


def test_a_frozen_watch_does_not_answer(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lag_asking, "ANSWER_S", 0.1)
    watch = serve(at_night())
    watch.frozen.set()
    began_s = time.monotonic()
    said = asked(watch)
    assert (3, True) == (said.code, "timed out" in said.err)
    assert time.monotonic() - began_s < 2


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b"<html>log in</html>"),
        (200, b"{}"),
        (200, b'{"version":1}'),
        (200, json.dumps(a_board(version=2)).encode()),
        (200, b"\xff"),
        (503, b""),
    ],
)
def test_what_answers_and_is_no_watch_exits_3(serve: Serve, status: int, body: bytes) -> None:
    watch = serve(at_night())
    watch.status, watch.answers = status, {"/lag": body}
    said = asked(watch)
    assert (3, b"") == (said.code, said.out)
    assert "is no watch of this version" in said.err


@pytest.mark.parametrize(
    "url", ["watch:6066", "ftp://watch", "http://", ",", "http://watch:port", "http://["]
)
def test_what_is_no_address_is_usage(url: str) -> None:
    said = ecluse("lag", "--url", url, COLUMNS="200")
    assert (2, b"") == (said.code, said.out)
    assert "Invalid value for --url" in said.err


# ------------------------------------------------------------------ for programs
@pytest.mark.usefixtures("_at_night")
def test_programs_get_the_answer_of_the_watch_on_one_line(serve: Serve) -> None:
    board = a_board(moon="full")
    said = asked(serve(board), args=("--json",))
    assert (0, "") == (said.code, said.err)
    assert 1 == said.out.count(b"\n")
    assert board == json.loads(said.out), "what is newer than this command is passed on too"


@pytest.mark.usefixtures("_at_night")
def test_of_several_watches_programs_get_what_they_come_to(serve: Serve) -> None:
    said = asked(serve(at_night()), serve(at_night()), args=("--json",))
    found = json.loads(said.out)
    assert (0, 2 * 139_108, 82) == (said.code, found["fates"]["received"], found["orders"]["count"])
    assert (0, 0) == (found["fates"]["gap"], found["fates"]["in_flight"])
    assert "ledger" == found["stages"][0]["stage"]


@pytest.mark.usefixtures("_at_night")
def test_where_one_of_several_is_silent_the_figures_of_the_journal_are_unknown(
    serve: Serve,
) -> None:
    watch = serve(at_night())
    where = f"{watch.url},http://127.0.0.1:1"
    for args in ((), ("--json",)):
        said = ecluse("lag", "--url", where, *args, COLUMNS="120")
        assert 1 == said.code
        shown = said.text if not args else said.err
        assert "http://127.0.0.1:1: no watch answers here" in shown
        if args:
            assert (None, None) == (json.loads(said.out)["fates"], json.loads(said.out)["orders"])
        else:
            assert "Payment orders waiting: —." in said.text


# ------------------------------------------------------------------ again and again
def looks(monkeypatch: pytest.MonkeyPatch, between: list[Callable[[], None]]) -> None:
    """Something happens between two looks; then Ctrl-C comes."""
    left = iter(between)

    def sleep(seconds: float) -> None:
        assert lag.EVERY_S == seconds
        happens = next(left, None)
        if happens is None:
            raise KeyboardInterrupt
        happens()

    monkeypatch.setattr(lag, "time", SimpleNamespace(sleep=sleep))


@pytest.mark.usefixtures("_at_night")
def test_watching_prints_a_line_each_time_for_programs(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = serve(at_night())
    worse = json.dumps(a_burst().board).encode()
    looks(monkeypatch, [lambda: watch.answers.update({"/lag": worse})])
    said = asked(watch, args=("--watch", "--json"))
    states = [json.loads(line)["state"] for line in said.out.splitlines()]
    assert (1, ["OK", "SLOW"], "") == (said.code, states, said.err), "the last look counts"


@pytest.mark.usefixtures("_at_night")
def test_watching_goes_on_where_the_watch_goes_away(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = serve(at_night())

    def goes_away() -> None:
        watch.status = 503

    def comes_back() -> None:
        watch.status = 200

    looks(monkeypatch, [goes_away, comes_back])
    said = asked(watch, args=("--watch",))
    assert 0 == said.code
    first, second, third = _pages(said.text)
    assert "UNKNOWN" not in first + third
    assert "is no watch of this version (HTTP 503)" in second
    assert "UNKNOWN. The watch stands at 03:40:11" in second, "it remembers, and says that it does"

    watch.status = 503
    looks(monkeypatch, [])
    assert 3 == asked(watch, args=("--watch",)).code


def _pages(text: str) -> list[str]:
    """What was printed at each look; each ends with what the watch finds of the ledger."""
    pages, page = [], []
    for line in text.splitlines():
        page.append(line)
        if line.startswith("Second opinion"):
            pages.append(" ".join(" ".join(page).split()))
            page = []
    return pages


def test_on_a_terminal_one_page_takes_the_place_of_the_other_until_ctrl_c(serve: Serve) -> None:
    watch = serve(at_night(the_clock_on_the_wall()))
    terminal, stdout = pty.openpty()
    shown = b""
    with subprocess.Popen(
        [*COMMAND, "lag", "--watch", "--url", watch.url],
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stdout,
        env=environment(TERM="xterm", COLUMNS="120", LINES="60"),
    ) as process:
        os.close(stdout)
        eventually(lambda: len(watch.asked) > 1, "no second look", 20)
        process.send_signal(signal.SIGINT)
        try:
            while piece := os.read(terminal, 65536):
                shown += piece
        except OSError:  # So a terminal ends on Linux.
            pass
        assert process.wait(10) in {0, 1}
    os.close(terminal)
    said = shown.decode()
    assert "Traceback" not in said
    assert "Aborted" not in said
    assert said.count("Where each stage is") > 1
    assert "\x1b[2K" in said or "\x1b[1A" in said, "it goes back up"
