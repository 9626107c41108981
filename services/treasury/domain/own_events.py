"""Events that the treasury makes of returns, under ids of what happened."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5
from zoneinfo import ZoneInfo

from events.canonical import canonical
from events.treasury import TREASURY
from services.texts.formats import ZONE
from services.treasury.domain.returned_pieces import KnownPiece, Paid

NAMESPACE: Final = uuid5(NAMESPACE_URL, TREASURY)
"""The namespace of the ids of these events (UUID version 5)."""


@dataclass(frozen=True, slots=True)
class OwnEvent:
    """An event made of a return, with the trace of its order."""

    event_id: str
    event_type: str
    budget: str
    payment_order: str
    happened_on: date
    data: Mapping[str, Any]
    facts: Mapping[str, Any]
    """What its id comes of, for the tables."""
    traceparent: str | None = None

    def encoded(self) -> bytes:
        """The event as a CloudEvent in structured mode: the same bytes whichever file tells it."""
        midnight = datetime.combine(self.happened_on, time(), ZoneInfo(ZONE))
        return canonical(
            {
                "specversion": "1.0",
                "id": self.event_id,
                "source": TREASURY,
                "type": self.event_type,
                "time": midnight.isoformat(),
                "partitionkey": self.budget,
                "datacontenttype": "application/json",
                **({} if self.traceparent is None else {"traceparent": self.traceparent}),
                "data": self.data,
            }
        )


def event_id(budget: str, event_type: str, facts: Mapping[str, Any]) -> str:
    """The id of an event: that of what happened."""
    return str(uuid5(NAMESPACE, canonical([budget, event_type, facts]).decode()))


def own_event(
    event_type: str,
    known: KnownPiece,
    happened_on: date,
    data: Mapping[str, Any],
    facts: Mapping[str, Any],
) -> OwnEvent:
    """The event of what happened to a piece."""
    name = event_id(known.budget, event_type, facts)
    order = (known.budget, known.payment_order)
    return OwnEvent(name, event_type, *order, happened_on, data, facts, known.traceparent)


def state_facts(piece: int, data: Mapping[str, Any]) -> dict[str, Any]:
    """Facts of a state that its id comes of."""
    named = {name: data[name] for name in ("state", "on")}
    return {"piece": piece, **named, "reason": data.get("reason")}


def payment_facts(piece: int, paid: Paid, which: int) -> dict[str, Any]:
    """Facts of a payment that its id comes of; `which` of equal ones, from 1."""
    line, on, cents = paid
    facts = {"line": line, "on": on.isoformat(), "amount_cents": cents, "which": which}
    return {"piece": piece, **facts}
