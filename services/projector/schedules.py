"""Schedules, documents and obligations of conventions, as events say them. Pure."""

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from events.journal import EventData, Instalment, LineAmount, Obligation, ReceivedDocument
from services.projector.changes import Changes, Members
from services.projector.column_values import as_json

WHOLE_AWARD: Final = "1"
"""What the one instalment of an award without convention is called that plans none (rules, 13)."""


def amount(each: LineAmount) -> Members:
    """An amount and the departments that share it."""
    return {"amount_cents": each.amount_cents, "services": as_json(each.services)}


def of_award(said: EventData) -> tuple[Instalment, ...]:
    """The schedule of an award that stands alone: its own, or all of it at once (rules, 13)."""
    if said.instalments is not None:
        return said.instalments
    return (Instalment(WHOLE_AWARD, "signature", said.lines or ()),)


def renamed(
    planned: Iterable[Instalment], names: Mapping[str, str]
) -> tuple[list[Instalment], str | None]:
    """A schedule that is carried over, and the grant whose name some of its orders bear.

    Those that were ordered before the convention was signed are called `<grant>/<instalment>`; the
    grant may be called otherwise in the new year (rules, 13 and 32).
    """
    found, former = [], None
    for each in planned:
        grant, slash, instalment = each.instalment.rpartition("/")
        if slash:
            former = names.get(grant, grant)
            found.append(msgspec.structs.replace(each, instalment=f"{former}/{instalment}"))
        else:
            found.append(each)
    return found, former


def plan(
    changes: Changes,
    budget: str,
    convention: str,
    sequence: int,
    planned: Iterable[Instalment],
    amendment: str | None = None,
) -> None:
    """The instalments that an event plans, in its order."""
    for position, each in enumerate(planned, start=1):
        if not each.lines:
            continue  # An opening lists what was ordered whole in an earlier year (rules, 32).
        members = {
            "position": position,
            "trigger": each.trigger,
            "ceiling": each.ceiling,
            "documents": as_json(each.documents),
            "planned_cents": sum(line.amount_cents for line in each.lines),
            "lines": as_json(each.lines),
            "amendment": amendment,
            "left_out_by": None,
            "sequence": sequence,
        }
        changes.put_row("instalments", (budget, convention, each.instalment), members)


def oblige(changes: Changes, budget: str, convention: str, owed: Iterable[Obligation]) -> None:
    """Documents that are owed by a day."""
    for each in owed:
        key = (budget, convention, each.kind, each.year, each.due_on)
        changes.put_row("obligations", key, {})


def receive(changes: Changes, budget: str, sequence: int, said: EventData) -> None:
    """A document came; the first day stays, and the cost until it says another (rules, 19)."""
    assert said.document is not None, "a report is a document"
    members = {"received_on": said.received_on, "rejected_for": None, "sequence": sequence}
    if said.eligible_cost_cents is not None:
        members["eligible_cost_cents"] = said.eligible_cost_cents
    key = (budget, said.convention, said.document.kind, said.document.year)
    changes.put_row("documents", key, members)


def reject(changes: Changes, budget: str, sequence: int, said: EventData) -> None:
    """A document does not do: it counts as not received, and proves no cost (rules, 24)."""
    assert said.document is not None, "a report is a document"
    members = {"eligible_cost_cents": None, "rejected_for": said.reason, "sequence": sequence}
    key = (budget, said.convention, said.document.kind, said.document.year)
    changes.forget(key)
    changes.put_row("documents", key, members)


def carry_documents(
    changes: Changes,
    budget: str,
    convention: str,
    sequence: int,
    received: Iterable[ReceivedDocument],
) -> None:
    """What earlier years received."""
    for each in received:
        key = (budget, convention, each.document.kind, each.document.year)
        members = {
            "received_on": each.received_on,
            "eligible_cost_cents": each.eligible_cost_cents,
            "rejected_for": None,
            "sequence": sequence,
        }
        changes.put_row("documents", key, members)
