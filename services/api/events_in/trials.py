"""Trials of events: what the ledger would decide now, from the journal in the read model.

The budgets that the events name are folded from their first record on, as `ecluse whatif` does.
There is a limit to how many records that may be; nothing is written.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from events.texts import _
from services.api.access.caller import Caller
from services.api.events_in.decisions import Decision
from services.api.http.components import Components
from services.api.http.dependencies import reading
from services.api.journal.records import decision_of
from services.api.journal.traces import to_its_end
from services.api.problems import Kind, Problem
from services.api.queries.rows import BudgetLine
from services.ledger.application.handle import RawRecord
from services.ledger.application.ports import JournalRow
from services.ledger.application.restore import read_row
from services.ledger.application.trial import Trial, trial_of
from services.ledger.domain.journal import JournalRecord, read_record
from services.projector.tables import journal

RECORDS_MAX: Final = 20_000
"""Records folded for one trial, at most: some seconds of work."""

TRIAL_TOO_LONG: Final = Kind(
    "trial_too_long",
    413,
    _("Trial too long"),
    _("The journal of these budgets has {records} records; a trial reads at most {limit}."),
    _("Send the event to have it decided, or use the command `ecluse whatif`."),
)


@dataclass(frozen=True, slots=True)
class LineFigures:
    """The money of a line, by stage."""

    appropriated_cents: int
    available_cents: int
    reserved_cents: int
    committed_cents: int
    ordered_cents: int
    paid_cents: int
    carried_over_cents: int


@dataclass(frozen=True, slots=True)
class ChangedLine:
    """A line of which the money would be other than now."""

    budget: str
    line: BudgetLine
    before: LineFigures
    after: LineFigures

    def differences(self) -> Iterator[tuple[str, int, int]]:
        """Each stage that changes, with its cents before and after."""
        after = asdict(self.after)
        for name, cents in asdict(self.before).items():
            if cents != after[name]:
                yield name.removesuffix("_cents"), cents, after[name]


@dataclass(frozen=True, slots=True)
class Tried:
    """What the ledger would decide."""

    decisions: tuple[Decision, ...]
    """On each event, in their order."""
    woken: int
    """How many events would be decided that wait already."""
    lines: tuple[ChangedLine, ...]


async def tried(
    components: Components, caller: Caller, budgets: frozenset[str], raws: Sequence[RawRecord]
) -> Tried:
    """The decisions on these events, all of these budgets, that would be made now.

    Raises:
        Problem: the budgets have too many records, or the database does not answer.
    """
    async with components.trace_slots:
        async with reading(caller, components) as connection:
            rows = await _journal(connection, budgets)
        return await to_its_end(partial(_tried, rows, budgets, raws))


async def _journal(connection: AsyncConnection, budgets: frozenset[str]) -> list[JournalRow]:
    """The records of these budgets, each chain in its order."""
    of_budgets = journal.c.budget.in_(sorted(budgets))
    count = await connection.scalar(select(func.count()).select_from(journal).where(of_budgets))
    if count is not None and count > RECORDS_MAX:
        raise Problem(TRIAL_TOO_LONG, {"records": count, "limit": RECORDS_MAX})
    columns = (journal.c.budget, journal.c.sequence, journal.c.record)
    query = select(*columns).where(of_budgets).order_by(journal.c.budget, journal.c.sequence)
    return [
        JournalRow(row.budget, row.sequence, bytes(row.record))
        for row in await connection.execute(query)
    ]


def _tried(rows: Iterable[JournalRow], budgets: frozenset[str], raws: Iterable[RawRecord]) -> Tried:
    trial = trial_of(map(read_row, rows), budgets)
    for raw in raws:
        trial.handle(raw)
    batch = trial.ledger.commit_batch([])
    records = [read_record(row.record) for row in batch.records]
    return Tried(
        tuple(_decision(trial, place, records) for place in trial.latest),
        trial.woken,
        tuple(map(_changed_line, trial.changed(batch))),
    )


def _decision(trial: Trial, place: tuple[str, int], records: Iterable[JournalRecord]) -> Decision:
    """The decision on the event that was given this place first."""
    budget, sequence = place
    *_before, last = (
        each
        for each in records
        if each.budget == budget and sequence in {each.sequence, each.resumes}
    )
    found = decision_of(
        last,
        last.review_flags,
        last.moves,
        last.commitment_entries,
        last.payment_orders,
    )
    return Decision(outcome=trial.latest[place].value, sequence=None, **found)


def _changed_line(row: dict[str, Any]) -> ChangedLine:
    return ChangedLine(
        row["budget"],
        BudgetLine(**row["line"]),
        LineFigures(**row["before"]),
        LineFigures(**row["after"]),
    )
