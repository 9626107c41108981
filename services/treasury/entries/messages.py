"""Messages of accounting entries, and the tables made again of them."""

from collections.abc import AsyncIterable, Iterable
from datetime import datetime

import msgspec
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from events.envelope import Envelope
from events.journal import Record
from events.parts import BudgetLine
from events.topics import ACCOUNTING_ENTRIES
from events.treasury import TREASURY, AccountingEntryRecorded
from services.treasury.domain.postings import Kind, Role
from services.treasury.entries.rules import AccountingEntry
from services.treasury.store.database import inserting
from services.treasury.store.outbox import Outgoing
from services.treasury.store.tables import accounting_entries, booked, outbox

_read = msgspec.json.Decoder(Envelope[AccountingEntryRecorded]).decode


def message_of(each: AccountingEntry, items: int, at: datetime, cause: Record) -> Outgoing:
    """The message of a line of an entry of this record, which has so many."""
    event = cause.event
    assert event is not None, "it was accepted"
    data = AccountingEntryRecorded(
        entry_id=each.entry_id,
        budget=each.budget,
        sequence=each.sequence,
        item=each.item,
        items=items,
        booked_on=each.booked_on,
        kind=each.kind.value,
        role=each.role.value,
        account=each.account,
        debit_cents=each.debit_cents,
        credit_cents=each.credit_cents,
        line=BudgetLine(
            chapter=each.chapter,
            article=each.article,
            function=each.function or None,
            operation=each.operation or None,
        ),
        convention=each.convention,
        payment_order=each.payment_order,
        recovery=each.recovery,
    )
    envelope = Envelope(
        specversion="1.0",
        id=each.entry_id,
        source=TREASURY,
        type=data.TYPE,
        time=at,
        partitionkey=each.budget,
        datacontenttype="application/json",
        correlationid=event.correlationid,
        causationid=cause.event_id,
        traceparent=event.traceparent,
        data=data,
    )
    return Outgoing(each.entry_id, ACCOUNTING_ENTRIES, each.budget, msgspec.json.encode(envelope))


async def write_entries(
    connection: AsyncConnection, entries: Iterable[AccountingEntry], *, replacing: bool = False
) -> None:
    """Write the rows of entries: when they are made, and when tables are restored.

    A row that is written never changes. Where it is `replacing`, at a restore, the topic is right:
    rows that were made of other settings after a loss give way to what was sent.

    Raises:
        IntegrityError: one of them is there already, and nothing is replaced.
    """
    line = inserting(connection, accounting_entries)
    if replacing:
        sent = {each.name: each for each in line.excluded if not each.primary_key}
        keys = list(accounting_entries.primary_key)
        line = line.on_conflict_do_update(index_elements=keys, set_=sent)
    await connection.execute(line, [each.row for each in entries])


class RestoredEntries:
    """Entries as they stood first on their topic, each once, and how far each budget is booked.

    The outbox sends a message at least once, those of a budget in order. A record counts as booked
    once all its lines are there; of one that has not all, the bookkeeper makes the others.
    """

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._booked: dict[str, int] = {}
        self._parts: dict[str, dict[int, set[int]]] = {}
        """Lines that are there of records that are not whole, by budget and record."""

    async def take(self, messages: Iterable[bytes]) -> None:
        """Write the lines of messages, in the order of their topic."""
        lines = (_read(each).data for each in messages)
        first = [_read_entry(each) for each in lines if self._is_first(each)]
        if first:
            await write_entries(self._connection, first, replacing=True)

    def _is_first(self, each: AccountingEntryRecorded) -> bool:
        """True if a line was not there yet; from now on it is."""
        parts = self._parts.setdefault(each.budget, {})
        if each.sequence <= self._booked.get(each.budget, 0) and each.sequence not in parts:
            return False
        there = parts.setdefault(each.sequence, set())
        is_first = each.item not in there
        there.add(each.item)
        if len(there) == each.items:
            del parts[each.sequence]
            self._booked[each.budget] = max(each.sequence, self._booked.get(each.budget, 0))
        return is_first

    async def finish(self) -> None:
        """Note how far each budget is booked; what is on the topic is not sent again."""
        places = []
        for budget, parts in self._parts.items():
            sequence = min(parts) - 1 if parts else self._booked[budget]
            places.append({"budget": budget, "sequence": sequence})
        if places:
            place = inserting(self._connection, booked)
            further = place.excluded.sequence
            moved = place.on_conflict_do_update(
                index_elements=[booked.c.budget],
                set_={"sequence": further},
                where=further > booked.c.sequence,
            )
            await self._connection.execute(moved, places)
        asked = select(outbox.c.message_id).where(outbox.c.sent_at.is_(None))
        asked = asked.where(outbox.c.topic == ACCOUNTING_ENTRIES)
        sent = [each for each in await self._connection.scalars(asked) if self._is_there(each)]
        for message_id in sent:
            found = update(outbox).where(outbox.c.message_id == message_id)
            await self._connection.execute(found.values(sent_at=outbox.c.made_at))

    def _is_there(self, message_id: str) -> bool:
        budget, sequence, item = message_id.rsplit("/", 2)
        parts = self._parts.get(budget, {}).get(int(sequence))
        if parts is not None:
            return int(item) in parts
        return int(sequence) <= self._booked.get(budget, 0)


async def restore_entries(
    connection: AsyncConnection, partitions: Iterable[AsyncIterable[Iterable[bytes]]]
) -> int:
    """Write the entries of a topic as they stood first on it; the number of lines that were new.

    The bookkeeper goes on behind them.
    """
    restored, before = RestoredEntries(connection), await _count(connection)
    for each in partitions:
        async for messages in each:
            await restored.take(messages)
    await restored.finish()
    return await _count(connection) - before


async def is_booked(connection: AsyncConnection, message: bytes) -> bool:
    """True where the tables hold the line that a message is about, with whatever account."""
    data, lines = _read(message).data, accounting_entries.c
    asked = select(lines.item).where(lines.budget == data.budget, lines.item == data.item)
    return (await connection.scalar(asked.where(lines.sequence == data.sequence))) is not None


async def _count(connection: AsyncConnection) -> int:
    found = await connection.scalar(select(func.count()).select_from(accounting_entries))
    return int(found or 0)


def _read_entry(data: AccountingEntryRecorded) -> AccountingEntry:
    """The entry of which a message was made."""
    return AccountingEntry(
        budget=data.budget,
        sequence=data.sequence,
        item=data.item,
        booked_on=data.booked_on,
        kind=Kind(data.kind),
        role=Role(data.role),
        account=data.account,
        debit_cents=data.debit_cents,
        credit_cents=data.credit_cents,
        chapter=data.line.chapter or "",
        article=data.line.article or "",
        function=data.line.function or "",
        operation=data.line.operation or "",
        convention=data.convention,
        payment_order=data.payment_order,
        recovery=data.recovery,
    )
