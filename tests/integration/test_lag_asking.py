"""`ecluse lag` and whom it asks: one that is old, silent or no watch; several; again and again."""

import json
import os
import pty
import signal
import subprocess
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest

from services.api.adapters.clock_and_chance import wall_clock
from services.cli.commands import lag
from services.lag import watches
from tests.api.lag_boards import NIGHT, a_board, timestamp
from tests.api.lag_scenes import a_held_partition, at_night
from tests.integration.command import COMMAND, ecluse, environment
from tests.integration.watched import Serve, asked, set_clock_to
from tests.waiting import WAIT_S, eventually


# ------------------------------------------------------------------ old, silent, no watch
@pytest.mark.parametrize(
    ("language", "texts"),
    [
        ("en", "UNKNOWN. The watch stands at 03:40:11 (34 s ago): nothing is known of now."),
        ("fr", "UNKNOWN. La surveillance en est restée à 03:40:11 (il y a 34 s)"),
    ],
)
def test_an_old_answer_says_so_itself(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, language: str, texts: str
) -> None:
    set_clock_to(monkeypatch, NIGHT + timedelta(seconds=34))
    result = asked(serve(at_night()), language=language)
    assert 1 == result.code
    assert texts in " ".join(result.text.split())


def test_an_answer_is_old_from_twelve_seconds_on(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = serve(a_board(sampled_at=timestamp(NIGHT)))
    for seconds, code in ((12, 0), (13, 1), (-13, 1)):
        set_clock_to(monkeypatch, NIGHT + timedelta(seconds=seconds))
        assert code == asked(watch).code, seconds


@pytest.mark.usefixtures("_at_night")
@pytest.mark.parametrize(
    ("sampled_at", "texts"),
    [
        (None, "UNKNOWN. The groups have not been seen yet"),
        (
            timestamp(NIGHT - timedelta(seconds=13)),
            "UNKNOWN. The groups were last seen at 03:39:58 (13 s ago)",
        ),
    ],
)
def test_where_kafka_is_silent_nothing_is_well(
    serve: Serve, sampled_at: str | None, texts: str
) -> None:
    result = asked(serve(a_board(sampled_at=sampled_at)))
    assert (1, True) == (result.code, result.text.startswith(texts))


@pytest.mark.parametrize(
    ("language", "texts"), [("fr", "la surveillance ne répond pas"), ("en", "no watch answers")]
)
@pytest.mark.parametrize("args", [(), ("--json",)], ids=["people", "programs"])
def test_a_watch_that_is_not_there_exits_3_with_a_message(
    args: tuple[str, ...], language: str, texts: str
) -> None:
    result = ecluse("lag", *args, "--lang", language, ECLUSE_WATCH_URL="http://127.0.0.1:1")
    assert (3, b"") == (result.code, result.out)
    assert texts in result.err
    assert "http://127.0.0.1:1" in result.err
    assert "Traceback" not in result.err


def test_a_frozen_watch_does_not_answer(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watches, "ANSWER_S", 0.1)
    watch = serve(at_night())
    watch.frozen.set()
    result = asked(watch)
    assert (3, True) == (result.code, "timed out" in result.err)
    assert watch.asked, "it has the question, and holds it still"


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
    result = asked(watch)
    assert (3, b"") == (result.code, result.out)
    assert "is no watch of this version" in result.err


@pytest.mark.parametrize(
    "url",
    [
        "watch:6066",
        "ftp://watch",
        "http://",
        ",",
        "http://watch:port",
        "http://watch:65536",
        "http://watch:0",
        "http://[",
        "http://a:b@watch",
        "http://watch?x=1",
    ],
)
def test_what_is_no_address_is_usage(url: str) -> None:
    result = ecluse("lag", "--url", url, COLUMNS="200")
    assert (2, b"") == (result.code, result.out)
    assert f"Invalid value for --url: {url.rstrip('/')}: addresses as" in result.err


def test_of_several_addresses_the_one_that_is_none_is_named() -> None:
    result = ecluse("lag", "--url", "http://watch:6066,http://other:port", COLUMNS="200")
    assert "Invalid value for --url: http://other:port: addresses as" in result.err


def test_its_help_names_where_the_watch_is_and_what_it_exits_with() -> None:
    result = " ".join(ecluse("lag", "--help", COLUMNS="100").text.split())
    assert [] == [
        texts
        for texts in ("ECLUSE_WATCH_URL", lag.HERE, "Exit code: 0 all is well, 1")
        if texts not in result
    ]


# ------------------------------------------------------------------ for programs
@pytest.mark.usefixtures("_at_night")
def test_programs_get_the_answer_of_the_watch_on_one_line(serve: Serve) -> None:
    board = a_board(moon="full")
    result = asked(serve(board), args=("--json",))
    assert (0, "") == (result.code, result.err)
    assert 1 == result.out.count(b"\n")
    assert board == json.loads(result.out), "what is newer than this command is passed on too"


@pytest.mark.usefixtures("_at_night")
def test_of_several_watches_programs_get_what_they_come_to(serve: Serve) -> None:
    result = asked(serve(at_night()), serve(at_night()), args=("--json",))
    found = json.loads(result.out)
    assert (0, 2 * 139_108, 82) == (
        result.code,
        found["outcomes"]["received"],
        found["orders"]["count"],
    )
    assert (0, 0) == (found["outcomes"]["gap"], found["outcomes"]["in_flight"])
    assert "ledger" == found["stages"][0]["stage"]


@pytest.mark.usefixtures("_at_night")
def test_where_one_of_several_is_silent_the_figures_of_the_journal_are_unknown(
    serve: Serve,
) -> None:
    watch = serve(at_night())
    where = f"{watch.url},http://127.0.0.1:1"
    for args in ((), ("--json",)):
        result = ecluse("lag", "--url", where, *args, COLUMNS="120")
        assert 1 == result.code
        shown = result.text if not args else result.err
        assert "http://127.0.0.1:1: no watch answers here" in shown
        if args:
            assert (None, None) == (
                json.loads(result.out)["outcomes"],
                json.loads(result.out)["orders"],
            )
        else:
            assert "Payment orders waiting: —." in result.text


# ------------------------------------------------------------------ again and again
def polls(monkeypatch: pytest.MonkeyPatch, between: list[Callable[[], None]]) -> None:
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
    worse = a_held_partition().answers
    polls(monkeypatch, [lambda: watch.answers.update(worse)])
    result = asked(watch, args=("--watch", "--json"))
    states = [json.loads(line)["state"] for line in result.out.splitlines()]
    assert (1, ["OK", "BROKEN"], "") == (result.code, states, result.err), "the last look counts"


@pytest.mark.usefixtures("_at_night")
def test_watching_goes_on_where_the_watch_goes_away(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = serve(at_night())

    def goes_away() -> None:
        watch.status = 503

    def comes_back() -> None:
        watch.status = 200

    polls(monkeypatch, [goes_away, comes_back])
    result = asked(watch, args=("--watch",))
    assert 0 == result.code
    first, second, third = _pages(result.text)
    assert "UNKNOWN" not in first + third
    assert "is no watch of this version (HTTP 503)" in second
    assert "UNKNOWN. The watch stands at 03:40:11" in second, "it remembers, and says that it does"

    watch.status = 503
    polls(monkeypatch, [])
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
    watch = serve(at_night(wall_clock()))
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
        try:
            eventually(lambda: len(watch.asked) > 1, "no second sample")
        finally:
            process.send_signal(signal.SIGINT)
        try:
            while piece := os.read(terminal, 65536):
                shown += piece
        except OSError:  # So a terminal ends on Linux.
            pass
        assert process.wait(WAIT_S) in {0, 1}
    os.close(terminal)
    result = shown.decode()
    assert "Traceback" not in result
    assert "Aborted" not in result
    assert result.count("Where each stage is") > 1
    assert "\x1b[2K" in result or "\x1b[1A" in result, "it goes back up"
