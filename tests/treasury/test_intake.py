"""Orders taken into the tables: once, under the partition's epoch, and nothing is skipped."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from aiokafka.structs import ConsumerRecord
from sqlalchemy import insert, select

from events.topics import PAYMENT_ORDERS, REFUSALS, Place
from services.runtime.agents.consumer import Slice
from services.texts.translation import both
from services.treasury.process.intake import Intake, Record
from services.treasury.store.database import TreasuryStore, treasury_address
from services.treasury.store.findings import list_findings
from services.treasury.store.tables import orders, own_events, positions
from tests.builders import Json, a_convention, a_payment, a_vote, a_withdrawal, an_award
from tests.unit.ledger.wire import Wire

HERE = Place(PAYMENT_ORDERS, 3)
ANSWERS = Place(REFUSALS, 3)
NUMBERS = range(4)
NOON = datetime(2023, 6, 1, 12, tzinfo=UTC)
GIVE_UP_S = 5.0


def messages() -> list[bytes]:
    """Four orders issued, the second cancelled behind them."""
    wire = Wire()
    wire.tell(a_vote(400_000))
    for number in NUMBERS:
        names: Json = {"grant": f"G{number}", "_id": f"award/{number}"}
        wire.tell(an_award(100_000, **names))
        signed: Json = {
            "grant": f"G{number}",
            "convention": f"C{number}",
            "_id": f"signed/{number}",
        }
        wire.tell(a_convention(**signed))
    wire.tell(a_withdrawal(grant="G1"))
    return [each.value for each in wire.sent if each.topic == PAYMENT_ORDERS and each.value]


MESSAGES = messages()


def a_refusal() -> bytes:
    wire = Wire()
    wire.tell(a_vote(), a_payment(order="C/unknown"))
    (value,) = [each.value for each in wire.sent if each.topic == REFUSALS]
    assert value is not None
    return value


REFUSED = a_refusal()


def a_record(topic: str, offset: int, value: bytes | None) -> Record:
    return ConsumerRecord(topic, 3, offset, 0, 0, b"B", value, None, 1, 1, ())


def records(
    values: list[bytes | None], first: int = 10, topic: str = PAYMENT_ORDERS
) -> list[Record]:
    """Records at every second offset: markers of transactions stand in between."""
    return [a_record(topic, first + 2 * n, value) for n, value in enumerate(values)]


def fetched(begin: int | None, some: list[Record], seeks: int = 1) -> Slice:
    """As the consumer gives them, behind so many seeks."""
    found = Slice(HERE.topic, 3, 0, 0, 0, None, None, None, None)
    found.begin, found.seeks, found.records = begin, seeks, some
    return found


def in_store(url: str, body: Callable[[TreasuryStore], Awaitable[Any]]) -> Any:
    async def go() -> Any:
        store = TreasuryStore(treasury_address(url, None))
        try:
            return await body(store)
        finally:
            await store.dispose()

    return asyncio.run(go())


async def taken(store: TreasuryStore) -> dict[str, int]:
    """The orders of the tables, and whether each is cancelled."""
    asked = select(orders.c.payment_order, orders.c.cancelled).order_by(orders.c.payment_order)
    async with store.reading() as connection:
        return {row.payment_order: row.cancelled for row in await connection.execute(asked)}


async def place_of(store: TreasuryStore) -> tuple[int, int]:
    async with store.reading() as connection:
        row = (await connection.execute(select(positions))).one()
        return row.next_offset, row.epoch


ALL = {"C0/advance": 0, "C1/advance": 1, "C2/advance": 0, "C3/advance": 0}


def test_orders_and_the_place_read_to_are_there_together(treasury_url: str) -> None:
    async def body(store: TreasuryStore) -> None:
        intake = Intake(store, GIVE_UP_S)
        assert {HERE: 0} == await intake.claim([HERE], 0)
        await intake.take(HERE, fetched(0, records([*MESSAGES])))
        assert ALL == await taken(store)
        assert (19, 1) == await place_of(store)
        assert 19 == intake.partitions[HERE].next_offset
        again = Intake(store, GIVE_UP_S)
        assert {HERE: 19} == await again.claim([HERE], 0), "it goes on there"

    in_store(treasury_url, body)


def test_the_same_records_again_change_nothing(treasury_url: str) -> None:
    async def body(store: TreasuryStore) -> None:
        intake = Intake(store, GIVE_UP_S)
        await intake.claim([HERE], 0)
        some = records([*MESSAGES])
        for first, end in ((0, 3), (0, 3), (2, 5), (0, 5)):
            begin = some[first - 1].offset + 1 if first else 0
            await intake.take(HERE, fetched(begin, some[first:end]))
        assert ALL == await taken(store)
        assert 5 == intake.taken[PAYMENT_ORDERS]

    in_store(treasury_url, body)


def test_a_former_owner_writes_nothing_any_more(treasury_url: str) -> None:
    async def body(store: TreasuryStore) -> None:
        former, present = Intake(store, GIVE_UP_S), Intake(store, GIVE_UP_S)
        await former.claim([HERE], 0)
        await former.take(HERE, fetched(0, records([*MESSAGES[:1]])))
        await present.claim([HERE], 0)
        await former.take(HERE, fetched(11, records([*MESSAGES[1:]], 12)))
        assert former.partitions[HERE].lost_s is not None
        assert ["C0/advance"] == [*await taken(store)]
        await present.take(HERE, fetched(11, records([*MESSAGES[1:]], 12)))
        assert ALL == await taken(store)

    in_store(treasury_url, body)


def test_behind_records_that_were_skipped_nothing_is_taken(treasury_url: str) -> None:
    async def body(store: TreasuryStore) -> None:
        intake, some = Intake(store, GIVE_UP_S), records([*MESSAGES])
        await intake.claim([HERE], 0)
        await intake.take(HERE, fetched(0, some[:1]))
        await intake.take(HERE, fetched(some[1].offset + 1, some[2:]))
        assert ["C0/advance"] == [*await taken(store)]
        assert intake.partitions[HERE].lost_s is not None, "it is read again from the place"
        assert {HERE: 11} == await intake.claim([HERE], 0)
        await intake.take(HERE, fetched(11, some[1:]))
        assert ALL == await taken(store)

    in_store(treasury_url, body)


def test_what_was_fetched_before_the_partition_was_taken_again_is_passed_over(
    treasury_url: str,
) -> None:
    """It stood in the queue of its agent meanwhile: no record is missing."""

    async def body(store: TreasuryStore) -> None:
        intake, some = Intake(store, GIVE_UP_S), records([*MESSAGES])
        await intake.claim([HERE], 0)
        await intake.take(HERE, fetched(0, some[:1], seeks=1))
        await intake.claim([HERE], 1)
        for _unused in range(3):
            await intake.take(HERE, fetched(some[1].offset + 1, some[2:], seeks=1))
        taking = intake.partitions[HERE]
        assert (None, None) == (taking.held, taking.lost_s)
        await intake.take(HERE, fetched(11, some[1:], seeks=2))
        assert ALL == await taken(store)

    in_store(treasury_url, body)


def test_records_that_stay_missing_hold_the_partition(treasury_url: str) -> None:
    async def body(store: TreasuryStore) -> None:
        intake, some = Intake(store, GIVE_UP_S), records([*MESSAGES])
        for _unused in range(2):
            intake.seek_again()
            await intake.claim([HERE], 0)
            await intake.take(HERE, fetched(some[1].offset + 1, some[2:]))
        held = intake.partitions[HERE].held
        assert held is not None
        assert (0, {}) == (held.offset, await taken(store))

    in_store(treasury_url, body)


def test_records_skipped_when_partitions_are_shared_out_twice_are_not_missing(
    treasury_url: str,
) -> None:
    async def body(store: TreasuryStore) -> None:
        intake, some = Intake(store, GIVE_UP_S), records([*MESSAGES])
        for _unused in range(3):
            await intake.claim([HERE], 0)
            await intake.take(HERE, fetched(some[1].offset + 1, some[2:]))
        assert intake.partitions[HERE].held is None
        intake.seek_again()
        await intake.claim([HERE], 0)
        await intake.take(HERE, fetched(0, some))
        assert ALL == await taken(store)

    in_store(treasury_url, body)


def test_answers_that_retention_has_removed_are_not_waited_for(treasury_url: str) -> None:
    """Payment orders are kept without limit; the ledger's answers for 400 days."""

    async def body(store: TreasuryStore) -> None:
        intake = Intake(store, GIVE_UP_S)
        some = records([REFUSED], first=500, topic=REFUSALS)
        for _unused in range(2):
            intake.seek_again()
            await intake.claim([ANSWERS], 0)
            await intake.take(ANSWERS, fetched(500, some))
        assert intake.partitions[ANSWERS].held is None
        assert 501 == intake.partitions[ANSWERS].next_offset

    in_store(treasury_url, body)


def holding() -> Iterator[tuple[str, list[bytes | None], int, list[str]]]:
    first, second, *_ = MESSAGES
    yield "no JSON", [first, b"{", second], 12, ["C0/advance"]
    yield "no value", [None, first], 10, []
    yield "cancelled, never issued", [first, MESSAGES[-1], MESSAGES[2]], 12, ["C0/advance"]


@pytest.mark.parametrize(
    ("values", "offset", "kept"), [pytest.param(*case, id=says) for says, *case in holding()]
)
def test_a_partition_is_held_before_what_is_no_order_and_others_go_on(
    values: list[bytes | None], offset: int, kept: list[str], treasury_url: str
) -> None:
    elsewhere = Place(PAYMENT_ORDERS, 4)

    async def body(store: TreasuryStore) -> None:
        intake = Intake(store, GIVE_UP_S)
        await intake.claim([HERE, elsewhere], 0)
        await intake.take(HERE, fetched(0, records(values)))
        held = intake.partitions[HERE].held
        assert held is not None
        assert (offset, kept) == (held.offset, [*await taken(store)])
        await intake.take(HERE, fetched(offset + 1, records([*MESSAGES[2:4]], offset + 2)))
        assert kept == [*await taken(store)], "nothing behind it"
        await intake.take(elsewhere, fetched(0, records([*MESSAGES[2:4]])))
        assert {*kept, "C2/advance", "C3/advance"} == set(await taken(store))

    in_store(treasury_url, body)


def test_a_long_worded_refusal_of_another_sender_holds_nothing(treasury_url: str) -> None:
    """The ledger of 0.1.0 repeated an order's whole id, beyond the bound of its own schema."""
    data = json.loads(REFUSED)["data"] | {"message": {"fr": "é" * 4_070, "en": "x" * 4_074}}
    value = json.dumps(json.loads(REFUSED) | {"data": data}).encode()

    async def body(store: TreasuryStore) -> None:
        intake = Intake(store, GIVE_UP_S)
        await intake.claim([ANSWERS], 0)
        await intake.take(ANSWERS, fetched(0, records([value, REFUSED], topic=REFUSALS)))
        assert (None, 2) == (intake.partitions[ANSWERS].held, intake.taken[REFUSALS])

    in_store(treasury_url, body)


def test_another_event_under_the_id_of_an_own_one_is_a_finding(treasury_url: str) -> None:
    """Its id was predicted; whichever came first, the ledger refuses the second."""
    wire = Wire()
    wire.tell(a_vote(), an_award(), a_convention())
    for cents in (999, 1_000):
        wire.tell(a_payment(cents, _source="urn:ecluse:treasury", _id="paid/1"))
    answers = [each.value for each in wire.sent if each.topic == REFUSALS]

    async def body(store: TreasuryStore) -> None:
        intake = Intake(store, GIVE_UP_S)
        await intake.claim([ANSWERS], 0)
        await intake.take(ANSWERS, fetched(0, records(answers, topic=REFUSALS)))
        async with store.reading() as connection:
            (finding,) = await list_findings(connection, None, open_only=True)
        assert "Two events with the id paid/1 say different things" in both(finding.text).en

    in_store(treasury_url, body)


def test_the_ledgers_refusal_of_an_own_event_is_kept_with_it(treasury_url: str) -> None:
    wire = Wire()
    wire.tell(a_vote())
    wire.tell(a_payment(order="C/unknown", _source="urn:ecluse:treasury", _id="paid/1"))
    wire.tell(a_payment(order="C/unknown", _id="paid/2"))
    answers = [each.value for each in wire.sent if each.topic == REFUSALS]

    async def body(store: TreasuryStore) -> None:
        row = {"budget": "B", "payment_order": "C/unknown", "event_type": "T", "facts": {}}
        rows = [row | {"event_id": f"paid/{n}", "made_at": NOON} for n in (1, 2)]
        async with store.transaction() as connection:
            await connection.execute(insert(own_events), rows)
        intake = Intake(store, GIVE_UP_S)
        await intake.claim([ANSWERS], 0)
        await intake.take(ANSWERS, fetched(0, records(answers, topic=REFUSALS)))
        asked = select(own_events.c.event_id, own_events.c.refusal)
        async with store.reading() as connection:
            found = {each.event_id: each.refusal for each in await connection.execute(asked)}
        assert "unknown_payment_order" == found["paid/1"]["code"]
        assert found["paid/2"] is None, "it was another sender's"
        async with store.reading() as connection:
            (finding,) = await list_findings(connection, None, open_only=True)
        assert ("event_refused", "C/unknown") == (finding.kind, finding.payment_order)
        assert "C/unknown (unknown_payment_order): the accountant did" in both(finding.text).en

    in_store(treasury_url, body)
