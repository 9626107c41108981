"""What a simulated history reached, counted; and what all of them together must reach."""

from collections import Counter
from typing import Final, NamedTuple

import msgspec

from events.envelope import INBOUND
from events.topics import JOURNAL
from events.unreadable import Reason
from services.ledger.domain.journal import Outcome as JournalOutcome
from services.ledger.domain.model.flags import FlagCode
from services.ledger.domain.model.orders import OrderState
from services.ledger.domain.model.refusals import Missing, Refusal
from tests.simulation.faults import AT, KILLS, REQUESTS, Kind, Op
from tests.simulation.simulator import Outcome


class Reached(NamedTuple):
    """One thing that can be reached: of what sort, and its name."""

    sort: str
    name: str


EVENT, OUTCOME, REFUSAL = "event type accepted", "outcome", "refusal"
FLAG, WAIT, DEAD = "review flag", "waits for", "dead letter"
ORDER, AGAIN, FAULT = "payment order", "decided again", "fault"
STEP = "killed at"


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
            for entry in partition.between(0, partition.end, committed=True):
                found.update(_reached_by(entry.value or b""))
    return found


def _reached_by(value: bytes) -> list[Reached]:
    row = _read(value)
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
