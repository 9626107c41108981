"""`ecluse lag --brief`: a line for each consumer, that a pager can send whole."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.api.lag_boards import NIGHT, a_board
from tests.api.lag_scenes import (
    Scene,
    a_burst,
    a_dead_ledger,
    a_held_partition,
    at_night,
    broker_down,
    treasury_gone,
)
from tests.integration.watched import Serve, asked, set_clock_to

pytestmark = pytest.mark.usefixtures("_at_night")

BRIEF = ("--brief",)
STAGES = {
    "en": ["Ledger: ", "Read model: ", "Watch: ", "Treasury: "],
    "fr": [
        f"{each}\N{NO-BREAK SPACE}: "
        for each in ("Grand livre", "Base de lecture", "Surveillance", "Trésorerie")
    ],
}


@pytest.mark.parametrize("language", STAGES)
@pytest.mark.parametrize(
    ("scene", "code"),
    [(at_night, 0), (a_burst, 0), (a_held_partition, 1), (treasury_gone, 1)],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_each_consumer_has_one_line_and_the_exit_code_is_that_of_the_page(
    serve: Serve, scene: Callable[[], Scene], code: int, language: str
) -> None:
    watch = serve(scene())
    brief = asked(watch, args=BRIEF, language=language)
    assert (code, code, "") == (brief.code, asked(watch).code, brief.err)
    lines = brief.text.splitlines()
    begun = [line[: len(begin)] for line, begin in zip(lines, STAGES[language], strict=True)]
    assert STAGES[language] == begun


def test_a_line_says_state_backlog_oldest_and_when_it_was_seen(serve: Serve) -> None:
    quiet, held = (
        asked(serve(scene()), args=BRIEF).text.splitlines()
        for scene in (at_night, a_held_partition)
    )
    assert "Ledger: OK, nothing behind; seen at 03:40:10." == quiet[0]
    assert held[0].startswith(
        "Ledger: BROKEN, 133 behind, the oldest 03:17:11 (23 min ago); seen at 03:40:10. "
    )
    assert quiet[1:] == held[1:], "the others are well"


def test_of_a_dead_ledger_a_line_says_since_when_and_a_bound_on_what_waits(serve: Serve) -> None:
    english, french = (
        asked(serve(a_dead_ledger()), args=BRIEF, language=language).text.splitlines()[0]
        for language in ("en", "fr")
    )
    assert english.startswith(
        "Ledger: STOPPED since 03:39:33, 12 behind, the oldest since 03:39:29 (42 s ago) at least; "
        "seen at 03:40:10. "
    )
    assert "STOPPED depuis 03:39:33" in french
    assert "depuis 03:39:29 (il y a 42 s) au moins" in french


def test_what_is_not_well_is_followed_by_what_to_do_and_the_runbook(serve: Serve) -> None:
    ledger = asked(serve(a_held_partition()), args=BRIEF).text.splitlines()[0]
    assert "The process holds the partition before a record" in ledger
    assert "`ecluse quarantine PARTITION OFFSET" in ledger
    assert ledger.endswith("/console/help/EclusePartitionHeld on the console.")
    treasury = asked(serve(treasury_gone()), args=BRIEF).text.splitlines()[3]
    assert "Call the treasury: the orders wait for it." in treasury
    assert "quarantine" not in treasury
    assert "Start the process" not in treasury


def test_the_runbook_has_the_address_of_the_console_where_that_is_known(serve: Serve) -> None:
    asking = ("--brief", "--console", "https://ecluse.lille.fr/")
    ledger = asked(serve(a_held_partition()), args=asking).text.splitlines()[0]
    assert ledger.endswith(" https://ecluse.lille.fr/console/help/EclusePartitionHeld")


def test_a_line_more_says_what_no_stage_shows(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = a_board()
    board["outcomes"] |= {"gap": 3}
    wrong = asked(serve(board), args=BRIEF)
    assert (1, 5) == (wrong.code, len(wrong.text.splitlines()))
    assert wrong.text.startswith("OK. Each stage goes on, but not all adds up.")
    silent = asked(serve(broker_down()), args=BRIEF)
    assert silent.text.startswith("UNKNOWN. The groups were last seen at 03:36:11")
    assert "Look after Kafka: `ecluse topics diff` asks it too." in silent.text.splitlines()[0]
    assert "/console/help/EcluseWatchOld" in silent.text.splitlines()[0]
    assert "Ledger: UNKNOWN, — behind, the oldest —; seen at 03:36:11." in silent.text
    set_clock_to(monkeypatch, NIGHT + timedelta(minutes=5))
    old = asked(serve(a_held_partition()), args=BRIEF)
    assert old.text.startswith("UNKNOWN. The watch stands at 03:40:11 (5 min ago)")
    assert "Check that `ecluse watch` runs" in old.text.splitlines()[0]
    assert "quarantine" not in old.text, "nothing is known of now"


def test_for_programs_it_is_the_whole_document(serve: Serve) -> None:
    watch = serve(at_night())
    assert json.loads(asked(watch, args=("--json",)).out) == json.loads(
        asked(watch, args=("--brief", "--json")).out
    )
