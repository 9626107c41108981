"""Accounting entries of the records that the read model has, each made once, and their messages."""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import case, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from events.envelope import INBOUND
from events.journal import Record, read_record
from services.projector.database_errors import raising_unreachable
from services.projector.engine import engine_address
from services.projector.rows.column_values import day_of
from services.projector.tables import budgets, journal, positions
from services.treasury.domain.postings import Kind, Role
from services.treasury.entries.messages import message_of, write_entries
from services.treasury.entries.rules import (
    FOLDED,
    AccountingEntry,
    Accounts,
    Recoveries,
    as_booked,
    entries_of,
)
from services.treasury.store.database import Clock, TreasuryStore, inserting
from services.treasury.store.outbox import put
from services.treasury.store.tables import accounting_entries, booked


async def list_entries(
    store: TreasuryStore,
    budget: str | None = None,
    from_day: date | None = None,
    until_day: date | None = None,
) -> list[AccountingEntry]:
    """Entries in the order of the journal, of one budget or of all; both days count.

    Raises:
        Unreachable: the database does not answer.
    """
    table = accounting_entries.c
    asked = select(*(table[each.name] for each in fields(AccountingEntry)))
    asked = asked.order_by(table.budget, table.sequence, table.item)
    if budget is not None:
        asked = asked.where(table.budget == budget)
    if from_day is not None:
        asked = asked.where(table.booked_on >= from_day)
    if until_day is not None:
        asked = asked.where(table.booked_on <= until_day)
    async with store.reading() as connection:
        rows = (await connection.execute(asked)).mappings()
        return [
            AccountingEntry(**{**row, "kind": Kind(row["kind"]), "role": Role(row["role"])})
            for row in rows
        ]


SLICE: Final = 500
"""Records of one transaction, at most."""

ABOUT_RECOVERIES: Final = frozenset(each.TYPE for each in INBOUND if "recovery" in each.CONCERNS)

_TIMES: Final = (journal.c.event_time, journal.c.effective_on)


class Place(NamedTuple):
    """The progress of a budget: the last record of its journal."""

    budget: str
    sequence: int


class BudgetBehind(NamedTuple):
    """A budget that has more records than were booked."""

    budget: str
    booked: int
    """The last record that was booked; 0 where none was."""
    last: int
    """The last one that the read model has."""


class AcceptedRecord(NamedTuple):
    """An accepted record, the time of its event, and the day on which its moves took effect."""

    record: Record
    event_time: datetime
    effective_on: date

    def lines(
        self, accounts: Accounts, recoveries: Recoveries, there: Mapping[int, date]
    ) -> list[AccountingEntry]:
        """The lines of its entries, of which some may be there already: their days, by item.

        `recoveries` has taken all earlier records that it is made of, and takes this one.
        """
        assert self.record.event is not None, "it was accepted"
        day = day_of(self.record.event)
        lines = entries_of(self.record, day, accounts, recoveries)
        return as_booked(lines, self.effective_on, there)


class Bookkeeper:
    """Makes the entries of the ledger's records, in the order of each budget's journal.

    What a record posts comes of it and the records before it alone: where the read model is made
    again, or two processes book at once, nothing is made twice and nothing changes.

    Raises:
        Unreachable: from any method, where a database does not answer.
    """

    def __init__(
        self, store: TreasuryStore, read_model: AsyncEngine, accounts: Accounts, clock: Clock
    ) -> None:
        self._store = store
        self._read_model = read_model
        self._accounts = accounts
        self._clock = clock
        self._done_at: Sequence[Any] = ()
        """The positions of the read model behind which all was booked."""

    async def book(self) -> int:
        """Book all records that the read model has now; the number of lines that were made."""
        now_at = await self._positions()
        if now_at == self._done_at:
            return 0
        made = 0
        for each in await self.list_behind():
            following = True
            while following:
                lines, following = await self._book_slice(each.budget, each.last)
                made += lines
        self._done_at = now_at
        return made

    async def _positions(self) -> Sequence[Any]:
        """The read model's positions, so that polling does not go through all budgets."""
        table = positions.c
        asked = select(table.topic, table.partition, table.next_offset, table.generation)
        async with (
            raising_unreachable(engine_address(self._read_model)),
            self._read_model.connect() as connection,
        ):
            return (await connection.execute(asked.order_by(table.topic, table.partition))).all()

    async def list_behind(self) -> list[BudgetBehind]:
        """The budgets that have more records than were booked."""
        async with self._store.reading() as connection:
            rows = await connection.execute(select(booked.c.budget, booked.c.sequence))
            done = {row.budget: row.sequence for row in rows}
        async with (
            raising_unreachable(engine_address(self._read_model)),
            self._read_model.connect() as connection,
        ):
            rows = await connection.execute(
                select(budgets.c.budget, budgets.c.sequence).order_by(budgets.c.budget)
            )
            all_of_them = [BudgetBehind(name, done.get(name, 0), last) for name, last in rows]
        return [each for each in all_of_them if each.last > each.booked]

    async def _book_slice(self, budget: str, last: int) -> tuple[int, bool]:
        """Book the next records of a budget; the lines made, and whether more records follow."""
        async with self._store.transaction() as connection:
            before = await _lock_budget(connection, budget)
            async with (
                raising_unreachable(engine_address(self._read_model)),
                self._read_model.connect() as reading,
            ):
                accepted, sequence = await _next_records(reading, Place(budget, before), last)
                if sequence == before:
                    return 0, False
                folded = await _recoveries(reading, Place(budget, before), accepted)
            kept = await _read_days(connection, Place(budget, before))
            made = [
                (line, message_of(line, len(lines), each.event_time, each.record))
                for each in accepted
                for there in (kept[each.record.sequence],)
                for lines in (each.lines(self._accounts, folded, there),)
                for line in lines
                if line.item not in there
            ]
            if made:
                await write_entries(connection, [line for line, _ in made])
                await put(connection, [message for _, message in made], self._clock())
            moved = update(booked).where(booked.c.budget == budget).values(sequence=sequence)
            await connection.execute(moved)
            return len(made), sequence < last


async def _lock_budget(connection: AsyncConnection, budget: str) -> int:
    """The last record booked of a budget, whose row is locked from now on."""
    start = {"budget": budget, "sequence": 0}
    await connection.execute(inserting(connection, booked).values(start).on_conflict_do_nothing())
    asked = select(booked.c.sequence).where(booked.c.budget == budget).with_for_update()
    return int((await connection.execute(asked)).scalar_one())


async def _read_days(
    connection: AsyncConnection, place: Place
) -> defaultdict[int, dict[int, date]]:
    """Days of lines behind a place, by record and item: `restore` found it without its others."""
    lines = accounting_entries.c
    asked = select(lines.sequence, lines.item, lines.booked_on)
    asked = asked.where(lines.budget == place.budget, lines.sequence > place.sequence)
    kept = defaultdict[int, dict[int, date]](dict)
    for sequence, item, booked_on in await connection.execute(asked):
        kept[sequence][item] = booked_on
    return kept


async def _next_records(
    reading: AsyncConnection, before: Place, last: int
) -> tuple[list[AcceptedRecord], int]:
    """The accepted ones of the records behind a place, up to the last; how far they reach.

    Records follow one another without gap, or the read model is being made again just now: then
    what is behind the gap is left for the next time.
    """
    accepted, sequence = [], before.sequence
    for row in await _rows(reading, before, last):
        if row.sequence != sequence + 1:
            break
        sequence = row.sequence
        if row.record is not None:
            accepted.append(_read(row))
    return accepted, sequence


async def _rows(reading: AsyncConnection, before: Place, last: int) -> Sequence[Any]:
    record = case((journal.c.outcome == "accepted", journal.c.record))
    asked = (
        select(journal.c.sequence, record.label("record"), *_TIMES)
        .where(journal.c.budget == before.budget, journal.c.sequence > before.sequence)
        .where(journal.c.sequence <= last)
        .order_by(journal.c.sequence)
        .limit(SLICE)
    )
    return (await reading.execute(asked)).all()


async def _recoveries(
    reading: AsyncConnection, place: Place, accepted: Iterable[AcceptedRecord]
) -> Recoveries:
    """The recoveries of a budget up to a place; of none where no record that follows asks."""
    folded = Recoveries(place.budget)
    types = {each.record.event.type for each in accepted if each.record.event is not None}
    if types & ABOUT_RECOVERIES:
        async for each in read_accepted_records(reading, place, FOLDED):
            folded.take(each.record)
    return folded


async def read_accepted_records(
    reading: AsyncConnection, place: Place, types: Iterable[str] | None = None
) -> AsyncIterator[AcceptedRecord]:
    """The accepted records of a budget up to a place, of these types or of all."""
    asked = (
        select(journal.c.record, *_TIMES)
        .where(journal.c.budget == place.budget, journal.c.sequence <= place.sequence)
        .where(journal.c.outcome == "accepted")
        .order_by(journal.c.sequence)
    )
    if types is not None:
        asked = asked.where(journal.c.event_type.in_(types))
    async with reading.stream(asked) as rows:
        async for row in rows:
            yield _read(row)


def _read(row: Any) -> AcceptedRecord:
    return AcceptedRecord(read_record(row.record), row.event_time, row.effective_on)
