"""Texts of the page Processing: no state, rule or step of the watch is without one."""

import re
from pathlib import Path
from typing import Final

from events.lag import State
from events.lag import State as Judgement
from services.lag.document import WELL
from services.lag.judge.states import Rule
from services.lag.present import texts as states
from services.runtime.processing.status import TaskState
from services.texts.language import Language
from services.texts.translation import translate
from services.watch.tables.latencies import Step
from tests.api.lag_boards import GROUPS

RUNBOOKS: Final = Path(__file__).resolve().parents[4] / "docs" / "runbooks"
LOOSE: Final = re.compile(r"\w [:;!?]")


def test_the_states_are_those_of_the_watch() -> None:
    assert {each.value for each in Judgement} == {each.value for each in State}


def test_each_state_has_its_texts_and_what_is_not_well_what_to_do() -> None:
    ill = set(State) - WELL
    assert set(State) == states.STATES.keys() == states.MEANS.keys()
    assert ill == states.HEADLINES.keys() == states.DO.keys() == states.RUNBOOKS.keys()


def test_each_rule_has_its_texts() -> None:
    assert {each.value for each in Rule} == states.RULES.keys()


def test_each_stage_and_step_has_its_texts() -> None:
    assert list(GROUPS) == list(states.STAGES)
    assert states.STAGES.keys() == states.THE_STAGE.keys() == states.STAGE_DOES.keys()
    assert [each.value for each in Step] == list(states.LATENCIES)


def test_what_a_worker_does_has_its_texts() -> None:
    assert {each.value for each in TaskState} == states.DOING.keys()


def test_what_to_do_stands_in_the_runbooks_too() -> None:
    assert [] == [
        name for name in states.RUNBOOKS.values() if not (RUNBOOKS / f"{name}.md").exists()
    ]


def test_french_keeps_its_marks_on_the_line() -> None:
    phrase = [
        *states.MEANS.values(),
        *states.DO.values(),
        *states.DO_OF.values(),
        *states.RULES.values(),
        *states.HEADLINES.values(),
    ]
    french = [translate(each, Language.FR) for each in phrase]
    assert [] == [each for each in french if LOOSE.search(each)]
