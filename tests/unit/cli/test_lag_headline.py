"""How far the accounts are: page and command tell the same of one answer of the watch."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest

from events.lag import Board, read_board
from services.api.lag.view import LagView, lag_view
from services.cli.commands.lag_page import page
from services.cli.terminal.screen import Prose, Screen
from services.lag.document import WELL, Answer, lag_of
from services.texts.language import Language
from services.texts.locale_format import LocaleFormat
from tests.api.lag_boards import NIGHT, Json, a_board, stages, timestamp
from tests.api.lag_scenes import (
    a_burst,
    a_dead_ledger,
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
    "a read model that does not say": lambda: of_a_projector(latest_event_at=None),
    "a read model a moment behind": lambda: of_a_projector(
        behind=4, latest_event_at=timestamp(NIGHT - timedelta(seconds=9))
    ),
    "a read model of which nobody knows what is left": lambda: of_a_projector(
        behind=None, partitions=[]
    ),
}


ALL, NOT_ALL = "All that was received is in the accounts.", "Some of what was received is not in"
IN_TRANSIT, NOBODY = "What has just come is on its way", "Nobody knows how far the accounts are."
EXPECTED: Final = {
    "all is well": ALL,
    "a burst": IN_TRANSIT,
    "a held partition": NOT_ALL,
    "Kafka is down": NOBODY,
    "PostgreSQL is down": NOT_ALL,
    "the treasury is gone": ALL,
    "the recorded answer": NOT_ALL,
    "no read model": NOBODY,
    "a read model that does not say": ALL,
    "a read model a moment behind": IN_TRANSIT,
    "a read model of which nobody knows what is left": NOBODY,
}


def shown(board: Board, language: str) -> LagView:
    """The page, of a board of this moment."""
    locale = LocaleFormat(Language(language))
    return lag_view(lag_of([Answer("watch", board)], board.at), None, board.at, locale)


def commanded(board: Board, language: str) -> list[str]:
    """The lines of the command that tell of the accounts: from the third on."""
    lag = lag_of([Answer("watch", board)], board.at)
    lines = page(Screen(Language(language)), lag, (), board.at)
    return [str(each) for each in lines if isinstance(each, Prose)][2:4]


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
def test_page_and_command_never_tell_two_things_in_one_night(
    board: Callable[[], Json], language: str
) -> None:
    found = read_board(json.dumps(board()).encode())
    said, _ = commanded(found, language)
    view = shown(found, language)
    if any(each.state not in WELL for each in found.stages):
        assert said != view.verdict.title, "which tells of the stage"
        return
    assert said == view.verdict.title


@pytest.mark.parametrize(("name", "expected"), EXPECTED.items())
def test_the_accounts_have_what_ledger_and_read_model_both_have(name: str, expected: str) -> None:
    found = read_board(json.dumps(BOARDS[name]()).encode())
    said, latest = commanded(found, "en")
    assert said.startswith(expected)
    known = name not in {"Kafka is down", "no read model", "a read model that does not say"}
    assert latest.startswith("Latest event dated ") is known


def test_since_when_a_dead_ledger_stands_is_said_with_a_bound_on_what_waits() -> None:
    board = read_board(json.dumps(a_dead_ledger().board).encode())
    lag = lag_of([Answer("watch", board)], board.at)
    first, *_others = (str(each) for each in page(Screen(Language.FR), lag, (), board.at))
    assert (
        "STOPPED. Le grand livre ne tourne plus, au moins pour une partition. "
        "Dans cet état depuis 03:39:33. En attente depuis 03:39:29 au moins."
    ) == first


def test_who_has_watched_for_a_moment_says_so() -> None:
    board = read_board(json.dumps(of_a_projector(watched_s=20.0)).encode())
    lag = lag_of([Answer("watch", board)], board.at)
    lines = [str(each) for each in page(Screen(Language.EN), lag, (), board.at)]
    assert "As seen at 03:40:10 (1 s ago). Watched for 20 s." == lines[1]
