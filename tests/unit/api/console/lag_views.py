"""Views of the page Lag, of what a watch answers."""

import json
from datetime import timedelta
from typing import Any, Final

from events.lag import read_board, read_history
from services.api.lag.figures import Figures
from services.api.lag.view import LagView, lag_view
from services.lag.client.hour import the_hour
from services.lag.client.merge import Answer, Lag, lag_of
from services.texts.language import Language
from services.texts.locale_format import LocaleFormat
from tests.api.lag_boards import NIGHT, Json, a_board, stages
from tests.api.lag_scenes import Scene

FR: Final = LocaleFormat(Language.FR)
EN: Final = LocaleFormat(Language.EN)
LOCALES: Final = {"fr": FR, "en": EN}
ADDRESS: Final = "http://watch:6066"


def lag(board: Json, *, later_s: float = 0, error: str | None = None) -> Lag:
    answer = Answer(ADDRESS, read_board(json.dumps(board).encode()), error)
    return lag_of([answer], NIGHT + timedelta(seconds=later_s))


def view_of(board: Json, locale: LocaleFormat = EN, *, later_s: float = 0) -> LagView:
    return lag_view(lag(board, later_s=later_s), None, NIGHT + timedelta(seconds=later_s), locale)


def view(scene: Scene, locale: LocaleFormat = EN) -> LagView:
    hour = the_hour([read_history(scene.answers["/lag/history"])], NIGHT)
    return lag_view(lag(scene.board), hour, NIGHT, locale)


def figures(board: Json, locale: LocaleFormat = EN) -> Figures:
    found = view_of(board, locale).figures
    assert found is not None
    return found


def a_stage_that_is(state: str, **phrase: Any) -> Json:
    """A board on which the ledger is in this state."""
    ledger = {"state": state, "rule": "of_a_newer_watch", "behind": 3} | phrase
    return a_board(state=state, stages=stages(NIGHT, ledger=ledger))
