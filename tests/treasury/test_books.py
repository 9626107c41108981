"""Books of any history: nothing differs, and any entry that is a cent off is found."""

import asyncio
from datetime import date
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Row, delete, update
from sqlalchemy.ext.asyncio import AsyncConnection

from events.topics import PAYMENT_ORDERS
from services.treasury.domain.slips import SlipType
from services.treasury.reconciliation.discrepancy import Discrepancy, DiscrepancyKind
from services.treasury.slips.messages import note_compared
from services.treasury.slips.order_messages import CancelledOrder, IssuedOrder, read_order
from services.treasury.slips.orders import take
from services.treasury.slips.slips import Slips
from services.treasury.store.tables import accounting_entries, metadata
from tests.builders import BUDGET, Json, Scenario, encoded
from tests.property.histories import budgets_of, histories
from tests.property.test_entries import recovered
from tests.property.years import Inputs, decided, years
from tests.read_model.filling import empty, fill, lasting, rows_of
from tests.treasury.books import NOW, book, differences, in_both, rows
from tests.treasury.databases import Opened, in_files
from tests.treasury.orders import a_config
from tests.unit.ledger.wire import Wire

pytestmark = pytest.mark.timeout(300)  # Properties over a database.


@pytest.fixture(scope="module")
def kept_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a read model with the treasury's tables, which every example empties first."""
    return in_files(tmp_path_factory.mktemp("books"))


async def begin(both: Opened) -> None:
    async with both.store.transaction() as connection:
        for table in metadata.sorted_tables:
            await connection.execute(delete(table))
        await note_compared(connection)


def differences_of(url: str, history: Scenario) -> list[Discrepancy]:
    """The differences once all is booked."""
    empty(url)
    fill(url, rows_of(history))

    async def go(both: Opened) -> list[Discrepancy]:
        await begin(both)
        await book(both)
        return await differences(both)

    return asyncio.run(in_both(url, go))


@lasting
@given(history=histories())
def test_of_any_history_nothing_differs(history: list[bytes], kept_url: str) -> None:
    assert [] == differences_of(kept_url, Scenario(*history))


@pytest.mark.rest
@lasting
@given(inputs=years())
def test_over_the_end_of_a_year_nothing_differs(inputs: Inputs, kept_url: str) -> None:
    assert [] == differences_of(kept_url, decided(inputs))


@pytest.mark.rest
@lasting
@given(events=recovered(), which=st.integers(0, 999))
def test_an_entry_one_cent_off_is_found(events: list[Json], which: int, kept_url: str) -> None:
    assert [] == differences_of(kept_url, Scenario(*map(encoded, events)))

    async def go(both: Opened) -> None:
        made = await rows(both)
        if not made:
            return
        one = made[which % len(made)]
        async with both.store.transaction() as connection:
            await a_cent_more(connection, one)
        found = await differences(both)
        assert found
        assert all(one.sequence in each.records for each in found)

    asyncio.run(in_both(kept_url, go))


OTHER: Final = {
    "booked_on": date(1999, 12, 31),
    "kind": "other",
    "role": "other",
    "account": "999",
    "convention": "other",
    "payment_order": "other",
    "recovery": "other",
    "article": "999",
}
"""Values that no entry of a history has."""


@pytest.mark.rest
@lasting
@given(events=recovered(), which=st.integers(0, 999), member=st.sampled_from(sorted(OTHER)))
def test_whatever_is_changed_in_an_entry_is_named(
    events: list[Json], which: int, member: str, kept_url: str
) -> None:
    assert [] == differences_of(kept_url, Scenario(*map(encoded, events)))

    async def go(both: Opened) -> None:
        made = await rows(both)
        if not made:
            return
        one = made[which % len(made)]
        keys = accounting_entries.primary_key
        changed = update(accounting_entries).where(*(key == getattr(one, key.name) for key in keys))
        async with both.store.transaction() as connection:
            await connection.execute(changed.values({member: OTHER[member]}))
        (entry,) = (
            each for each in await differences(both) if each.kind is DiscrepancyKind.ENTRY_DIFFERS
        )
        assert f"{one.budget}/{one.sequence}/{one.item}" == entry.entry_id
        assert [member] == [each.member for each in entry.changes]

    asyncio.run(in_both(kept_url, go))


@pytest.mark.rest
@settings(lasting, max_examples=5)  # The read model is filled again behind each order.
@given(history=budgets_of(BUDGET))
def test_where_each_order_goes_on_a_slip_nothing_differs(
    history: list[bytes], kept_url: str
) -> None:
    """Slips are made behind each event; of orders that wait only those to take back differ."""
    empty(kept_url)
    asyncio.run(in_both(kept_url, begin))
    wire = Wire()
    for event in history:
        read = [read_order(sent.value) for sent in wire.tell(event) if sent.topic == PAYMENT_ORDERS]
        if read:
            project(kept_url, wire)
            asyncio.run(in_both(kept_url, lambda both, read=read: on_slips(both, read)))  # type: ignore[misc]
    project(kept_url, wire)

    async def go(both: Opened) -> tuple[set[str | None], set[str]]:
        await book(both)
        found = await differences(both)
        assert {DiscrepancyKind.NOT_TAKEN_BACK} >= {each.kind for each in found}
        held_back = {each.payment_order for each in await a_desk(both).waiting(None)}
        return {each.payment_order for each in found}, held_back

    left_out, held_back = asyncio.run(in_both(kept_url, go))
    assert left_out <= held_back


def project(url: str, wire: Wire) -> None:
    empty(url)
    fill(url, [each.record.seal() for each in wire.decided])


def a_desk(both: Opened) -> Slips:
    return Slips(both.store, both.read_model, a_config(), lambda: NOW)


async def on_slips(both: Opened, read: list[IssuedOrder | CancelledOrder]) -> None:
    """Take orders into the tables, and send all that are ready on slips."""
    async with both.store.transaction() as connection:
        await take(connection, read)
    desk = a_desk(both)
    for slip_type in SlipType:
        slip = await desk.prepare(BUDGET, slip_type, "anne")
        if slip is not None:
            await desk.issue(slip.slip_id, "anne")
            await desk.export(slip.slip_id, "anne")


async def a_cent_more(connection: AsyncConnection, one: Row[Any]) -> None:
    """Both lines of the entry, so that the record balances still."""
    table = accounting_entries.c
    of_record = (table.budget == one.budget) & (table.sequence == one.sequence)
    first = one.item - (one.item + 1) % 2
    for item, side in ((first, table.debit_cents), (first + 1, table.credit_cents)):
        changed = update(accounting_entries).where(of_record, table.item == item)
        await connection.execute(changed.values({side: side + 1}))
