"""Progress of the accounts: how far the stages are that lead to them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from events.lag import LEDGER_STAGE, PROJECTOR_STAGE, Stage
from services.lag.judge.sums import total

ACCOUNTING: Final = (LEDGER_STAGE, PROJECTOR_STAGE)
"""The stages that an event must pass to appear in the accounts."""


def position_of(stage: Stage) -> int | None:
    """The committed offsets of its partitions, added up; None where one is unknown."""
    return total(each.committed for each in stage.partitions)


def end_of(stage: Stage) -> int | None:
    """The ends of its partitions, added up likewise."""
    return total(each.end for each in stage.partitions)


@dataclass(frozen=True, slots=True)
class Accounts:
    """Progress of the accounts, which show what is decided and in the read model."""

    stages: tuple[Stage, ...]
    """The stages that lead there, where any watch knows them."""
    latest_event_at: datetime | None
    """Latest time of an event in the accounts; None where unknown."""
    has_all: bool
    """True if nothing is left to read before any of them."""
    is_empty: bool
    """True if nothing ever arrived."""


def accounts(stages: Sequence[Stage]) -> Accounts:
    """Progress of the accounts, by the stages that lead there."""
    found = tuple(each for each in stages if each.stage in ACCOUNTING)
    whole = len(found) == len(ACCOUNTING)
    latest = {each.stage: each.latest_event_at for each in found}
    return Accounts(
        found,
        latest.get(PROJECTOR_STAGE),
        whole and all(each.behind == 0 for each in found),
        whole and all(end_of(each) == 0 for each in found),
    )
