"""Prospects: what would become of dead letters if they were sent again now."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from operator import itemgetter
from typing import Final

import structlog

from events.codec import ReceivedEvent
from events.texts import Translatable, _
from events.unreadable import Unreadable, explain
from services.ledger.application.handle import RawRecord, decode_record
from services.ledger.application.trial import Trial
from services.redrive.dead_letters import DeadLetter
from services.redrive.sending import correction_id
from services.redrive.state import RedriveState

log: Final = structlog.stdlib.get_logger("ecluse.redrive")


class Result(StrEnum):
    """Outcomes of a dead letter that is sent again; those that are sent have one of the ledger."""

    READABLE = "readable"
    """It can be read now; what would be decided was not asked."""
    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    REFUSED = "refused"
    PARKED = "parked"
    STOPS = "stops"
    """Deciding it fails, or one before it: it would hold its partition, as it did before."""
    DEAD_LETTER = "dead_letter"
    """It still cannot be read: it is left where it is."""
    NOT_WHOLE = "not_whole"
    TOO_OFTEN = "too_often"
    UNDERWAY = "underway"
    """It was sent again, and is not decided yet."""
    REDRIVEN = "redriven"
    """It was sent again, and is decided."""
    DECIDED = "decided"
    """It was corrected, or its sender has sent it anew under its old id: that was decided."""


SENT: Final = frozenset(
    (Result.READABLE, Result.ACCEPTED, Result.DUPLICATE, Result.REFUSED, Result.PARKED)
)
"""Those that are sent."""

NOT_WHOLE = _("The topic of dead letters has only a part of it.")
TOO_OFTEN = _("It was sent again {count} times already; --attempts allows more.")
UNDERWAY = _("It was sent again, and the ledger has not decided it yet.")
STOPS = _("Deciding it fails ({error}): mend the program first, else it holds its partition again.")
BEHIND = _("It stands behind {its_id} in its budget, which cannot be decided: name it alone.")
DECIDED = _("It was put right already: record {sequence} of budget {budget}.")
REDRIVEN = _(
    "It was sent again already, says record {sequence} of budget {budget}; if it was not, --again."
)


@dataclass(frozen=True, slots=True)
class Prospect:
    """A dead letter, and what it would become."""

    dead_letter: DeadLetter
    becomes: Result
    why: Translatable | None = None
    received: ReceivedEvent | None = None
    """The event that is sent: what it is, where it can be read, or what corrects it."""
    correction: RawRecord | None = None
    """The event that is sent in its place."""

    @property
    def raw(self) -> RawRecord:
        """The record that is sent."""
        return self.dead_letter.raw if self.correction is None else self.correction

    @property
    def is_sent(self) -> bool:
        """True where it would be sent."""
        return self.becomes in SENT


@dataclass(slots=True)
class OldestProspects:
    """The oldest of many, by Kafka's time of their records; of one partition in its own order.

    A sender whose partitioner is another has written a budget's events to several partitions.
    """

    most: int
    left_out: int = 0
    _kept: list[tuple[int, Prospect]] = field(default_factory=list)
    _latest_ms: dict[tuple[str, int], int] = field(default_factory=dict)

    def add(self, each: Prospect) -> None:
        """Add the next one of its partition."""
        raw = each.dead_letter.raw
        place = (raw.source.topic, raw.source.partition)
        at_ms = max(self._latest_ms.get(place, 0), raw.timestamp_ms or 0)
        self._latest_ms[place] = at_ms
        self._kept.append((at_ms, each))
        if len(self._kept) >= 2 * self.most:
            self._cut()

    def list_oldest(self) -> list[Prospect]:
        """The oldest, in their order."""
        self._cut()
        return [each for _, each in self._kept]

    def _cut(self) -> None:
        self._kept.sort(key=itemgetter(0))
        self.left_out += max(0, len(self._kept) - self.most)
        del self._kept[self.most :]


def prospect(
    dead_letter: DeadLetter, state: RedriveState, attempts_max: int, *, again: bool = False
) -> Prospect:
    """The prospect of a dead letter without asking the ledger; `again` believes no note."""
    review = state.find_review(dead_letter.at)
    if not again and review is not None and review.event_id is not None:
        facts = {"sequence": review.sequence, "budget": review.budget}
        return Prospect(dead_letter, Result.REDRIVEN, REDRIVEN.render(facts))
    if state.is_underway(dead_letter.at):
        return Prospect(dead_letter, Result.UNDERWAY, UNDERWAY)
    if state.corrected:
        place = state.corrected.get(correction_id(dead_letter.at, dead_letter.raw))
        if place is not None:
            return call_decided(dead_letter, place)
    if not dead_letter.is_whole:
        return Prospect(dead_letter, Result.NOT_WHOLE, NOT_WHOLE)
    if dead_letter.redrives >= attempts_max:
        return Prospect(
            dead_letter, Result.TOO_OFTEN, TOO_OFTEN.render({"count": dead_letter.redrives})
        )
    read = decode_record(dead_letter.raw)
    if isinstance(read, Unreadable):
        return Prospect(dead_letter, Result.DEAD_LETTER, explain(read))
    return Prospect(dead_letter, Result.READABLE, None, read)


def call_decided(dead_letter: DeadLetter, place: tuple[str, int]) -> Prospect:
    """A dead letter whose event, or a correction of it, was decided by this record of a budget."""
    budget, sequence = place
    why = DECIDED.render({"sequence": sequence, "budget": budget})
    return Prospect(dead_letter, Result.DECIDED, why)


def try_prospects(prospects: Sequence[Prospect], trial: Trial) -> list[Prospect]:
    """The same, with what the ledger would decide of those that can be read, in their order.

    Behind one that it fails to decide nothing of its budget is tried: what it left is in doubt.
    """
    found, failed = list(prospects), dict[str, str]()
    for at, each in enumerate(prospects):
        if each.becomes is not Result.READABLE or each.received is None:
            continue
        budget, its_id = each.received.envelope.data.budget, each.dead_letter.at.its_id
        if budget in failed:
            why = BEHIND.render({"its_id": failed[budget]})
            found[at] = replace(each, becomes=Result.STOPS, why=why)
            continue
        try:
            trial.handle(each.raw)
        # A bug of ours at this very record is what a quarantine sets aside: it is an answer here.
        except Exception as error:
            log.exception("trial_failed", **each.dead_letter.raw.source._asdict())
            failed[budget] = its_id
            why = STOPS.render({"error": type(error).__name__})
            found[at] = replace(each, becomes=Result.STOPS, why=why)
        else:
            *_before, outcome = trial.latest.values()
            found[at] = replace(each, becomes=Result(outcome.value))
    return found
