"""The life cycle of a partition task: each state can be reached, and left but for the last."""

import pytest

from services.ledger.explain.catalogue import LIFE_CYCLES_PAGE, diagram
from services.runtime.processing.status import LIFE_CYCLE, TaskState, check_transition


def test_each_state_is_reached_and_all_but_the_last_are_left() -> None:
    assert set(TaskState) == {target for _, _, target in LIFE_CYCLE}
    assert {None, *TaskState} - {TaskState.STOPPED} == {origin for origin, _, _ in LIFE_CYCLE}


def test_no_transition_stands_twice() -> None:
    transitions = [(origin, target) for origin, _, target in LIFE_CYCLE]
    assert len(set(transitions)) == len(transitions)


@pytest.mark.parametrize("state", list(TaskState))
def test_a_state_may_follow_itself(state: TaskState) -> None:
    check_transition(state, state)


@pytest.mark.parametrize(
    ("origin", "target"),
    [
        (TaskState.STOPPED, TaskState.OPENING),
        (TaskState.RUNNING, TaskState.BROKEN),
        (TaskState.PAUSED, TaskState.RETRYING),
        (TaskState.RETRYING, TaskState.RUNNING),
    ],
)
def test_no_other_transition_is_allowed(origin: TaskState, target: TaskState) -> None:
    with pytest.raises(AssertionError, match=f"{origin} → {target}"):
        check_transition(origin, target)


def test_the_page_has_the_diagram_of_the_table() -> None:
    assert diagram(LIFE_CYCLE) in LIFE_CYCLES_PAGE.read_text(encoding="utf-8"), (
        "run `make catalogue`"
    )
