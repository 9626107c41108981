"""Trials of events: what the ledger would decide now, from the journal in the read model.

The budgets that the events name are folded from their first record on, as `ecluse whatif` does, or
from where the trial before has left them. There is a limit to how many records that may be; nothing
is written.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Final

from sqlalchemy import and_, false, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from events.texts import _
from services.api.access.caller import Caller
from services.api.events_in.decisions import Decision
from services.api.http.components import Components
from services.api.http.dependencies import reading
from services.api.journal.records import decision_of
from services.api.journal.traces import run_to_end
from services.api.problems import Kind, Problem
from services.api.queries.rows import BudgetLine, all_rows
from services.ledger.application.handle import RawRecord
from services.ledger.application.ports import JournalRow
from services.ledger.application.restore import read_row
from services.ledger.application.trial import KnownState, Trial, trial_behind
from services.ledger.domain.journal import JournalRecord, read_record
from services.projector.tables import journal

RECORDS_MAX: Final = 20_000
"""Records of the budgets of one trial, at most: a second of work."""

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
class TrialResult:
    """The decisions that the ledger would take."""

    decisions: tuple[Decision, ...]
    """On each event, in their order."""
    woken: int
    """How many events would be decided that wait already."""
    lines: tuple[ChangedLine, ...]


async def run_trial(
    components: Components, caller: Caller, budgets: frozenset[str], raws: Sequence[RawRecord]
) -> TrialResult:
    """The decisions on these events, all of these budgets, that would be made now.

    Raises:
        Problem: the budgets have too many records, or the database does not answer.
    """
    states = components.known_states
    async with components.trace_slots:
        async with reading(caller, components) as connection:
            await _check_length(connection, budgets)
            known = await _valid(connection, states.find(budgets))
            rows = await _journal(connection, budgets, known)
        found, behind = await run_to_end(partial(_decide_events, known, rows, budgets, raws))
    states.keep(behind)
    return found


async def _check_length(connection: AsyncConnection, budgets: frozenset[str]) -> None:
    """Check that the budgets have no more records than a trial may read.

    Raises:
        Problem: 413, they have more.
    """
    of_budgets = journal.c.budget.in_(sorted(budgets))
    count = await connection.scalar(select(func.count()).select_from(journal).where(of_budgets))
    if count is not None and count > RECORDS_MAX:
        raise Problem(TRIAL_TOO_LONG, {"records": count, "limit": RECORDS_MAX})


async def _valid(
    connection: AsyncConnection, known: Mapping[str, KnownState]
) -> dict[str, KnownState]:
    """The states that records of this journal have led to: another may stand here since."""
    table = journal.c
    places = [
        and_(table.budget == budget, table.sequence == state.sequence)
        for budget, state in known.items()
    ]
    query = select(table.budget, table.hash).where(or_(false(), *places))
    heads = {row.budget: row.hash for row in await connection.execute(query)}
    return {budget: each for budget, each in known.items() if heads.get(budget) == each.head}


async def _journal(
    connection: AsyncConnection, budgets: frozenset[str], known: Mapping[str, KnownState]
) -> list[JournalRow]:
    """The records of these budgets behind what is known of them, each chain in its order."""
    table = journal.c
    behind = [
        and_(table.budget == budget, table.sequence > known[budget].sequence)
        if budget in known
        else table.budget == budget
        for budget in sorted(budgets)
    ]
    query = select(table.budget, table.sequence, table.record).where(or_(false(), *behind))
    return [
        JournalRow(row["budget"], row["sequence"], bytes(row["record"]))
        for row in await all_rows(connection, query.order_by(table.budget, table.sequence))
    ]


def _decide_events(
    known: Mapping[str, KnownState],
    rows: Iterable[JournalRow],
    budgets: frozenset[str],
    raws: Iterable[RawRecord],
) -> tuple[TrialResult, dict[str, KnownState]]:
    """The decisions, and the states that they were made on."""
    trial, behind = trial_behind(known, map(read_row, rows), budgets)
    for raw in raws:
        trial.handle(raw)
    batch = trial.ledger.commit_batch([])
    records = [read_record(row.record) for row in batch.records]
    found = TrialResult(
        tuple(_decision(trial, place, records) for place in trial.latest),
        trial.woken,
        tuple(map(_read_changed_line, trial.list_changed_lines(batch))),
    )
    return found, behind


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


def _read_changed_line(row: dict[str, Any]) -> ChangedLine:
    return ChangedLine(
        row["budget"],
        BudgetLine(**row["line"]),
        LineFigures(**row["before"]),
        LineFigures(**row["after"]),
    )
