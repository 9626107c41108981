"""How far the accounts are: page and command tell the same of one answer of the watch."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from services.api.console.views.lag import LagView, lag_view
from services.api.console.voice import Voice
from services.api.lag_board import Board, read_board
from services.api.lag_merged import Answer, lag_of
from services.api.language import Language as VoiceLanguage
from services.cli.lag_page import page
from services.cli.screen import Prose, Screen
from services.cli.wording import Language
from tests.api.lag_boards import NIGHT, Json, a_board, stages, told
from tests.api.lag_scenes import (
    a_burst,
    a_held_partition,
    at_night,
    broker_down,
    postgresql_down,
    treasury_gone,
)

GOLDEN: Final = Path(__file__).resolve().parents[2] / "golden" / "lag.json"


def without_projector() -> Json:
    """Of a watch that tells of no read model."""
    return a_board(stages=[each for each in stages(NIGHT) if each["stage"] != "projector"])


def of_a_projector(**said: object) -> Json:
    """A quiet night but for the read model."""
    return a_board(stages=stages(NIGHT, projector=said))


BOARDS: Final[dict[str, Callable[[], Json]]] = {
    "all is well": lambda: at_night().board,
    "a burst": lambda: a_burst().board,
    "a held partition": lambda: a_held_partition().board,
    "Kafka is down": lambda: broker_down().board,
    "PostgreSQL is down": lambda: postgresql_down().board,
    "the treasury is gone": lambda: treasury_gone().board,
    "the recorded answer": lambda: json.loads(GOLDEN.read_bytes()),
    "no read model": without_projector,
    "a read model that does not say": lambda: of_a_projector(up_to_date_to=None),
    "a read model a moment behind": lambda: of_a_projector(
        behind=4, up_to_date_to=told(NIGHT - timedelta(seconds=9))
    ),
    "a read model of which nobody knows what is left": lambda: of_a_projector(behind=None),
}


class Told(NamedTuple):
    """How far the accounts are, as somebody is told."""

    has_all: bool
    clock: str


CLOCK: Final = re.compile(r"\d\d:\d\d:\d\d")
UP_TO_DATE: Final = re.compile(r"à jour|up to date to")
NOBODY: Final = re.compile(r"jusqu'où (va|vont)|how far (accounting is|the accounts are)")


def far(said: str) -> Told | None:
    """What a sentence tells; None where nobody knows."""
    if NOBODY.search(said):
        return None
    found = CLOCK.search(said)
    assert found is not None, said
    return Told(UP_TO_DATE.search(said) is not None, found[0])


def shown(board: Board, language: str) -> LagView:
    """The page, of a board of this moment."""
    voice = Voice.of(VoiceLanguage(language))
    return lag_view(lag_of([Answer("watch", board)], board.at), None, board.at, voice)


def commanded(board: Board, language: str) -> str:
    """The line of the command that tells of the accounts: the third."""
    lag = lag_of([Answer("watch", board)], board.at)
    lines = page(Screen(Language(language)), lag, (), board.at)
    return [str(each) for each in lines if isinstance(each, Prose)][2]


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
def test_page_and_command_never_tell_two_times_in_one_night(
    board: Callable[[], Json], language: str
) -> None:
    found = read_board(json.dumps(board()).encode())
    by_command = far(commanded(found, language))
    verdict = shown(found, language).verdict
    if board is BOARDS["Kafka is down"]:
        assert by_command is None, "of which the page says that nobody knows"
        return
    assert far(f"{verdict.title} {verdict.lead}") == by_command


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("all is well", Told(has_all=True, clock="03:40:03")),
        ("a burst", Told(has_all=False, clock="03:38:35")),
        ("a held partition", Told(has_all=False, clock="03:17:09")),
        ("PostgreSQL is down", Told(has_all=False, clock="03:29:10")),
        ("the treasury is gone", Told(has_all=True, clock="03:40:03")),
        ("no read model", None),
        ("a read model that does not say", None),
        ("a read model a moment behind", Told(has_all=False, clock="03:40:02")),
        (
            "a read model of which nobody knows what is left",
            Told(has_all=False, clock="03:40:03"),
        ),
    ],
)
def test_the_accounts_go_as_far_as_ledger_and_read_model_both(
    name: str, expected: Told | None
) -> None:
    found = read_board(json.dumps(BOARDS[name]()).encode())
    assert expected == far(commanded(found, "en"))
