"""Age and health of a lag document, judged by the clock of its reader."""

from datetime import datetime
from typing import Final

from events.lag import Board, Outcomes, State

QUIET_S: Final = 600.0
"""Ten minutes: a watch that has sampled for less has not seen that nothing arrives."""

WELL: Final = frozenset({State.OK, State.NO_TRAFFIC})


def is_old(board: Board, now: datetime) -> bool:
    """True if it no longer describes the present.

    One as far in the future is no better: with clocks so far apart nobody can say its age.
    """
    return abs(now - board.at) > board.old_after


def is_sampled(board: Board, now: datetime) -> bool:
    """True if the cluster has just reported the positions of the consumers."""
    return board.sampled_at is not None and now - board.sampled_at <= board.old_after


def wrong_counts(board: Board) -> tuple[int | None, ...]:
    """Counts that must be 0: each that is not needs a person."""
    outcomes, watch = board.outcomes or Outcomes(), board.watch
    return outcomes.gap, outcomes.repeated, watch.balances_differing, watch.journal_faults


def is_well(board: Board, now: datetime) -> bool:
    """True if nothing needs a person: what is unknown is not well."""
    is_of_now = is_sampled(board, now) and not is_old(board, now)
    return is_of_now and board.state in WELL and all(each == 0 for each in wrong_counts(board))
