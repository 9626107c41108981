"""Schedules, documents and obligations of conventions, as events state them."""

from collections.abc import Iterable
from typing import Final

import msgspec

from events.journal import EventData, Instalment, LineAmount, Obligation
from services.projector.rows.changes import Changes, Members
from services.projector.rows.column_values import as_json

WHOLE_AWARD: Final = "1"
"""The one instalment of an award without convention or schedule (rules, 13)."""


def amount(each: LineAmount) -> Members:
    """An amount and the departments that share it."""
    return {"amount_cents": each.amount_cents, "services": as_json(each.services)}


def of_award(data: EventData) -> tuple[Instalment, ...]:
    """The schedule of an award without convention: its own, or all at once (rules, 13)."""
    if data.instalments is not None:
        return data.instalments
    return (Instalment(WHOLE_AWARD, "signature", data.lines or ()),)


def carried_plan(planned: Iterable[Instalment], former_grant: str | None) -> list[Instalment]:
    """A schedule that is carried over, with the name of the grant in the new year.

    Instalments ordered before the convention was signed are called `<grant>/<instalment>` (rules,
    13 and 32).
    """
    found = []
    for each in planned:
        _, slash, instalment = each.instalment.rpartition("/")
        name = f"{former_grant}/{instalment}" if slash else instalment
        found.append(msgspec.structs.replace(each, instalment=name))
    return found


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
            continue  # An opening lists what an earlier year ordered whole or settled (rules, 32).
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


def receive(changes: Changes, budget: str, sequence: int, data: EventData) -> None:
    """Add a received document: its first day and its last stated cost are kept (rules, 19)."""
    assert data.document is not None, "a report is a document"
    members = {"received_on": data.received_on, "rejected_for": None, "sequence": sequence}
    if data.eligible_cost_cents is not None:
        members["eligible_cost_cents"] = data.eligible_cost_cents
    key = (budget, data.convention, data.document.kind, data.document.year)
    changes.put_row("documents", key, members)


def reject(changes: Changes, budget: str, sequence: int, data: EventData) -> None:
    """Mark a document as rejected: not received, and without a cost (rules, 24)."""
    assert data.document is not None, "a report is a document"
    members = {"eligible_cost_cents": None, "rejected_for": data.reason, "sequence": sequence}
    key = (budget, data.convention, data.document.kind, data.document.year)
    changes.reject(key)
    changes.put_row("documents", key, members)


def carry_documents(
    changes: Changes,
    budget: str,
    convention: str,
    sequence: int,
    data: EventData,
) -> None:
    """Add the documents that earlier years received, and those that they rejected.

    The reason is theirs: an opening does not carry it, so it is empty here.
    """
    found = [(each.document, each.received_on, each.eligible_cost_cents) for each in data.documents]
    rows = [(*each, None) for each in found] + [(each, None, None, "") for each in data.rejected]
    for document, received_on, cost_cents, rejected_for in rows:
        key = (budget, convention, document.kind, document.year)
        members = {
            "received_on": received_on,
            "eligible_cost_cents": cost_cents,
            "rejected_for": rejected_for,
            "sequence": sequence,
        }
        changes.put_row("documents", key, members)
