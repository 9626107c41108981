"""Entries in the tables: each made once, in one transaction with its messages, for ever."""

import asyncio
import json

from jsonschema import Draft202012Validator
from sqlalchemy import select

from events.schemas import documents
from events.topics import ACCOUNTING_ENTRIES
from events.treasury import AccountingEntryRecorded
from services.treasury.entries.bookkeeper import SLICE
from services.treasury.reconciliation.discrepancy import Discrepancy
from services.treasury.store.tables import booked, outbox
from tests.builders import (
    BUDGET,
    Json,
    Scenario,
    a_payment,
    a_review,
    a_vote,
    an_amount,
)
from tests.read_model.filling import empty, fill, rows_of
from tests.treasury.books import book, book_as_0_1_0, bookkeeper, differences, in_both, rows
from tests.treasury.databases import Opened
from tests.unit.tables.event_notation import read_events
from tests.unit.treasury.booking import entries

LINES = [an_amount(60), an_amount(40, "490")]
YEAR = read_events("""
    vote 60 on 489 + 40 on 490; award 60 on 489 + 40 on 490;
    convention [advance 60 on 489 + 40 on 490]; C/advance taken_in_charge; payment 70;
    C/advance rejected; recovery 50; collection 45; closing none; recovery 4, id late
""")


def made_of(history: Scenario) -> list[tuple[int, int, str, str, int, int]]:
    """What the rows of a history must be."""
    return [
        (each.sequence, each.item, each.kind, each.account, each.debit_cents, each.credit_cents)
        for lines in entries(history)
        for each in lines
    ]


async def stored(both: Opened) -> list[tuple[int, int, str, str, int, int]]:
    return [
        (row.sequence, row.item, row.kind, row.account, row.debit_cents, row.credit_cents)
        for row in await rows(both)
    ]


def test_entries_are_those_of_the_records_whenever_they_come(treasury_url: str) -> None:
    """One event after the other, as the read model grows: nothing hangs on where a slice ends."""
    history = Scenario(*YEAR)
    records = rows_of(history)

    async def go(both: Opened) -> list[tuple[int, int, str, str, int, int]]:
        await book(both)
        return await stored(both)

    for number in range(len(records)):
        empty(treasury_url)
        fill(treasury_url, records[: number + 1])
        asyncio.run(in_both(treasury_url, go))
    assert made_of(history) == asyncio.run(in_both(treasury_url, stored))


def test_a_second_time_nothing_is_made(treasury_url: str) -> None:
    history = Scenario(*YEAR)
    fill(treasury_url, rows_of(history))

    async def go(both: Opened) -> tuple[int, int]:
        return await book(both), await book(both)

    assert (len(made_of(history)), 0) == asyncio.run(in_both(treasury_url, go))


def test_two_at_once_make_each_entry_once(treasury_url: str) -> None:
    history = Scenario(*YEAR)
    fill(treasury_url, rows_of(history))

    async def go(both: Opened) -> int:
        made = await asyncio.gather(*(bookkeeper(both).book() for _ in range(4)))
        assert made_of(history) == await stored(both)
        return sum(made)

    assert len(made_of(history)) == asyncio.run(in_both(treasury_url, go))


def test_a_read_model_that_is_made_again_changes_no_entry(treasury_url: str) -> None:
    """It begins with nothing, and comes to more than before."""
    history = Scenario(*YEAR)
    records = rows_of(history)
    for known in (records[:7], [], records[:4], records):
        empty(treasury_url)
        fill(treasury_url, known)
        asyncio.run(in_both(treasury_url, book))
    assert made_of(history) == asyncio.run(in_both(treasury_url, stored))


def test_what_0_1_0_booked_keeps_its_day_and_what_follows_has_its_own(treasury_url: str) -> None:
    signed_again = read_events("""
        award 60 on 489 + 40 on 490, grant H;
        convention [advance 60 on 489 + 40 on 490], convention D, grant H
    """)
    rich = a_vote(appropriations=[an_amount(1_000), an_amount(1_000, "490")])
    history = Scenario(rich, *YEAR[1:6], *signed_again)
    records = rows_of(history)
    fill(treasury_url, records[:6])

    async def before(both: Opened) -> int:
        return await book_as_0_1_0(both)

    async def behind(both: Opened) -> tuple[int, list[tuple[int, str]], list[Discrepancy]]:
        made = await book(both)
        days = sorted({(row.sequence, row.booked_on.isoformat()) for row in await rows(both)})
        return made, days, await differences(both)

    made = asyncio.run(in_both(treasury_url, before))
    empty(treasury_url)
    fill(treasury_url, records)
    days = [(3, "2023-05-15"), (5, "2023-05-30"), (6, "2023-05-22"), (8, "2023-06-01")]
    more, found, differing = asyncio.run(in_both(treasury_url, behind))
    assert (len(made_of(history)), days, []) == (made + more, found, differing)


def test_records_behind_a_gap_wait_for_those_before_them(treasury_in_files: str) -> None:
    history = Scenario(*YEAR)
    records = rows_of(history)
    fill(treasury_in_files, records)

    async def go(both: Opened) -> tuple[int, int]:
        table = "DELETE FROM journal WHERE sequence = 3"
        async with both.read_model.begin() as connection:
            await connection.exec_driver_sql(table)
        made = await book(both)
        async with both.store.reading() as connection:
            place = (await connection.execute(select(booked.c.sequence))).scalar_one()
        return made, place

    assert (0, 2) == asyncio.run(in_both(treasury_in_files, go))


def test_more_records_than_a_slice_holds_are_booked_in_order(treasury_in_files: str) -> None:
    reviews: list[Json] = [a_review(1, _id=f"review/{number}") for number in range(SLICE)]
    history = Scenario(*YEAR[:3], *reviews, a_payment(100))
    fill(treasury_in_files, rows_of(history))

    async def go(both: Opened) -> list[tuple[int, int, str, str, int, int]]:
        await book(both)
        return await stored(both)

    found = asyncio.run(in_both(treasury_in_files, go))
    assert made_of(history) == found
    assert 4 + SLICE == found[-1][0]


def test_each_line_leaves_as_a_message_of_the_contract(treasury_url: str) -> None:
    traces = {
        event["id"]: f"00-{number:032x}-{number:016x}-01" for number, event in enumerate(YEAR, 1)
    }
    history = [event | {"traceparent": traces[event["id"]]} for event in YEAR]
    fill(treasury_url, rows_of(Scenario(*history)))

    async def go(both: Opened) -> list[tuple[str, str, str, Json]]:
        await book(both)
        return [
            (row.message_id, row.topic, row.budget, json.loads(row.value))
            for row in await rows(both, outbox)
        ]

    sent = asyncio.run(in_both(treasury_url, go))
    name = AccountingEntryRecorded.TYPE
    schema = Draft202012Validator(json.loads(documents()[f"{name}.schema.json"]))
    assert [] == [str(fault) for *_, message in sent for fault in schema.iter_errors(message)]
    assert {(ACCOUNTING_ENTRIES, BUDGET)} == {each[1:3] for each in sent}
    assert [each[0] for each in sent] == [message["id"] for *_, message in sent]
    caused = [(message["causationid"], message["traceparent"]) for *_, message in sent]
    assert set(traces.items()) >= set(caused)
    assert len(set(caused)) > 1
    first = sent[0][3]
    assert {
        "specversion": "1.0",
        "id": f"{BUDGET}/3/1",
        "source": "urn:ecluse:treasury",
        "type": "ecluse.accounting-entry.recorded.v1",
        "time": "2023-06-01T10:00:00Z",
        "partitionkey": BUDGET,
        "datacontenttype": "application/json",
        "causationid": "convention.signed/G/C",
        "traceparent": traces["convention.signed/G/C"],
        "data": {
            "entry_id": f"{BUDGET}/3/1",
            "budget": BUDGET,
            "sequence": 3,
            "item": 1,
            "items": 4,
            "booked_on": "2023-06-01",
            "kind": "order_issued",
            "role": "expense",
            "account": "65748",
            "debit_cents": 60,
            "credit_cents": 0,
            "line": {"chapter": "65", "article": "65748", "function": "61", "operation": "489"},
            "convention": "C",
            "payment_order": "C/advance",
            "recovery": None,
        },
    } == first


def test_who_polls_books_what_has_come_since(treasury_in_files: str) -> None:
    history = Scenario(*YEAR)
    records = rows_of(history)

    async def go(both: Opened) -> list[int]:
        polling, made = bookkeeper(both), []
        for known in (records[:3], records[:3], records):
            await asyncio.to_thread(empty, treasury_in_files)
            await asyncio.to_thread(fill, treasury_in_files, known)
            made += [await polling.book(), await polling.book()]
        return made

    assert [4, 0, 0, 0, len(made_of(history)) - 4, 0] == asyncio.run(in_both(treasury_in_files, go))
