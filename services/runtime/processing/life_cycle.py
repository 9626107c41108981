"""The life cycle of a partition task: its states, and the transitions between them."""

from typing import Final

from services.runtime.processing.offset_metadata import TaskState

LIFE_CYCLE: Final[tuple[tuple[TaskState | None, str, TaskState], ...]] = (
    (None, "partition assigned", TaskState.OPENING),
    (TaskState.OPENING, "state restored", TaskState.RUNNING),
    (TaskState.OPENING, "partition revoked", TaskState.PAUSED),
    (TaskState.RUNNING, "partition revoked", TaskState.PAUSED),
    (TaskState.RETRYING, "partition revoked", TaskState.PAUSED),
    (TaskState.BROKEN, "partition revoked", TaskState.PAUSED),
    (TaskState.PAUSED, "assigned again, still open", TaskState.RUNNING),
    (TaskState.PAUSED, "assigned again", TaskState.OPENING),
    (TaskState.OPENING, "dependency unavailable", TaskState.RETRYING),
    (TaskState.RUNNING, "dependency unavailable", TaskState.RETRYING),
    (TaskState.BROKEN, "dependency unavailable", TaskState.RETRYING),
    (TaskState.RETRYING, "back-off over", TaskState.OPENING),
    (TaskState.RUNNING, "record failed once", TaskState.OPENING),
    (TaskState.OPENING, "record failed again, or opening failed", TaskState.BROKEN),
    (TaskState.BROKEN, "record quarantined", TaskState.OPENING),
    *(
        (state, "task ended", TaskState.STOPPED)
        for state in TaskState
        if state is not TaskState.STOPPED
    ),
)
"""The state before, the cause, and the state after; None is the state before the first."""

_TRANSITIONS: Final = frozenset((origin, target) for origin, _, target in LIFE_CYCLE)


def check_transition(origin: TaskState, target: TaskState) -> None:
    """Assert that the table has this transition; a state may follow itself."""
    assert origin is target or (origin, target) in _TRANSITIONS, f"{origin} → {target}"
