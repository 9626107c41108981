"""What a simulated history reached, counted; and what all of them together must reach."""

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import msgspec

from events.conventions import ReportReceived, ReportRejected
from events.envelope import INBOUND
from events.fiscal_years import FiscalYearClosed
from events.follow_up import DeadlinePassed
from events.payments import PaymentExecuted, RecoveryCollected, RecoveryOrdered
from events.topics import JOURNAL
from events.unreadable import Reason
from services.ledger.domain.journal import Outcome as JournalOutcome
from services.ledger.domain.model.answers import FlagCode, Missing, Refusal
from services.ledger.domain.model.orders import OPEN, OrderState
from tests.simulation.faults import AT, KILLS, REQUESTS, Kind, Op
from tests.simulation.simulator import Outcome


class Reached(NamedTuple):
    """One thing that can be reached: of what sort, and its name."""

    sort: str
    name: str


EVENT, OUTCOME, REFUSAL = "event type accepted", "outcome", "refusal"
FLAG, WAIT, DEAD = "review flag", "waits for", "dead letter"
ORDER, AGAIN, FAULT = "payment order", "decided again", "fault"
STEP, LATE = "killed at", "accepted in a closed year"


LATE_TYPES: Final = (
    DeadlinePassed,
    PaymentExecuted,
    RecoveryCollected,
    RecoveryOrdered,
    ReportReceived,
    ReportRejected,
)
WHILE_OPEN, OVER = "while orders are open", "once none is"
"""A closed year keeps less when none of its orders is open any more (rules, 31)."""


def step_of(kind: Kind, op: Op) -> Reached:
    """A worker killed before or behind one of its steps."""
    return Reached(STEP, f"{op}, {kind.value.removeprefix('killed ')}")


WANTED: Final = frozenset(
    [
        *(Reached(EVENT, each.TYPE) for each in INBOUND),
        *(Reached(OUTCOME, each.value) for each in JournalOutcome),
        *(Reached(REFUSAL, each.value) for each in Refusal),
        *(Reached(FLAG, each.value) for each in FlagCode),
        *(Reached(WAIT, each.value) for each in Missing),
        *(Reached(DEAD, each.value) for each in Reason),
        *(Reached(ORDER, each.value) for each in OrderState),
        *(Reached(AGAIN, each) for each in ("accepted", "refused")),
        *(Reached(LATE, f"{each.TYPE}, {WHILE_OPEN}") for each in LATE_TYPES),
        *(Reached(LATE, f"{each.TYPE}, {OVER}") for each in LATE_TYPES[2:]),
        *(Reached(FAULT, each.value) for each in Kind),
        *(step_of(kind, op) for kind in KILLS for op in REQUESTS),
    ]
)
"""Whatever the published language, the rules and the simulation have names for."""

COUNTED: Final = WANTED | {step_of(kind, op) for kind in KILLS for op in AT[kind]}
"""With the kills that chance finds too seldom to demand: while a hanging transaction is ended."""

_read: Final = msgspec.json.Decoder().decode


def reached(outcome: Outcome) -> Counter[Reached]:
    """What this history reached, and how often."""
    found: Counter[Reached] = Counter()
    for (kind, op), count in outcome.struck.items():
        found[Reached(FAULT, kind.value)] += count
        if kind in KILLS:
            found[step_of(kind, op)] += count
    for place, partition in outcome.broker.partitions.items():
        if place.topic.endswith(JOURNAL):
            years = _ClosedYears()
            for entry in partition.between(0, partition.end, committed=True):
                row = _read(entry.value or b"")
                found.update(_reached_by(row))
                found.update(years.follow(row))
    return found


class _ClosedYears:
    """The closed years of a partition, each with those of its orders that are still open."""

    def __init__(self) -> None:
        self._closed: set[str] = set()
        self._open_orders: dict[str, set[str]] = {}

    def follow(self, row: dict[str, Any]) -> Iterator[Reached]:
        """The event that a closed year accepted, if the record is of one."""
        if row["outcome"] != "accepted":
            return
        budget, type_ = row["budget"], row["event"]["type"]
        orders = self._open_orders.setdefault(budget, set())
        if budget in self._closed and type_ in {each.TYPE for each in LATE_TYPES}:
            yield Reached(LATE, f"{type_}, {WHILE_OPEN if orders else OVER}")
        for each in row["payment_orders"] or ():
            is_open = each["state"] in OPEN
            (orders.add if is_open else orders.discard)(each["payment_order"])
        if type_ == FiscalYearClosed.TYPE:
            self._closed.add(budget)


def _reached_by(row: dict[str, Any]) -> list[Reached]:
    outcome = row["outcome"]
    found = [Reached(OUTCOME, outcome)]
    if row["resumes"] is not None:
        found = [Reached(AGAIN, outcome)]
    if outcome == "accepted":
        found.append(Reached(EVENT, row["event"]["type"]))
    if row["refusal"] is not None:
        found.append(Reached(REFUSAL, row["refusal"]["code"]))
    if row["waits_for"] is not None:
        found.append(Reached(WAIT, row["waits_for"]["kind"]))
    if row["dead_letter"] is not None:
        found.append(Reached(DEAD, row["dead_letter"]["reason"].partition(":")[0]))
    found += [Reached(FLAG, each["code"]) for each in row["review_flags"] or ()]
    found += [Reached(ORDER, each["state"]) for each in row["payment_orders"] or ()]
    return found
