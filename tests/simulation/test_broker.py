"""The log in memory keeps Kafka's promises, and no others: what a simulation stands on.

What a writer and a reader see of it, markers, fences and open transactions with it, is compared
with a real broker: tests/kafka/test_simulated_log.py.
"""

import asyncio
import random  # noqa: TID251 - the chance of the environment, from a seed that is printed
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from aiokafka.structs import TopicPartition

from tests.simulation.broker import Broker, FencedOff, Message
from tests.simulation.loop import PROCESS, Process, Standstill, the_loop, virtually

HERE, THERE = TopicPartition("a", 0), TopicPartition("b", 0)
LIMIT_S = 60.0


def a_broker() -> Broker:
    return Broker([HERE, THERE], random.Random(1))


def messages(*values: bytes) -> list[Message]:
    return [Message(value[:1], value) for value in values]


def read(broker: Broker, committed: bool = True) -> list[tuple[int, bytes | None]]:
    """What a reader gets, with its offsets."""
    partition = broker.partitions[HERE]
    limit = partition.limit(committed)
    return [(each.offset, each.value) for each in partition.between(0, limit, committed)]


def played(steps: Callable[[Broker], Coroutine[Any, Any, None]]) -> Broker:
    broker = a_broker()
    virtually(steps(broker))
    return broker


async def settled() -> None:
    await asyncio.sleep(1)


def test_a_transaction_that_is_open_too_long_is_aborted_and_its_writer_fenced() -> None:
    async def steps(broker: Broker) -> None:
        who = broker.init_producer("id", LIMIT_S)
        broker.produce(*who, HERE, messages(b"1"))
        await asyncio.sleep(LIMIT_S + 1)
        with pytest.raises(FencedOff):
            broker.end_transaction(*who, committed=True)

    broker = played(steps)
    assert ([], 1, True) == (read(broker), broker.timed_out, broker.is_settled)


def test_an_end_that_is_not_written_hangs_until_the_next_one_ends_both_as_itself() -> None:
    async def steps(broker: Broker) -> None:
        who = broker.init_producer("id", LIMIT_S)
        broker.produce(*who, HERE, messages(b"1"))
        broker.produce(*who, THERE, messages(b"1"))
        broker.forgetful = True
        broker.end_transaction(*who, committed=True)
        await settled()
        assert 1 <= broker.hanging <= 2
        hangs = next(place for place in (HERE, THERE) if broker.partitions[place].open)
        broker.produce(*who, hangs, messages(b"2"))
        broker.end_transaction(*who, committed=False)
        await settled()
        partition = broker.partitions[hangs]
        assert {} == partition.open
        assert [] == partition.between(0, partition.end, committed=True), "committed, and gone"

    played(steps)


def test_a_marker_written_by_hand_ends_a_transaction_in_one_partition() -> None:
    async def steps(broker: Broker) -> None:
        who = broker.init_producer("id", LIMIT_S)
        broker.produce(*who, HERE, messages(b"1"))
        broker.produce(*who, THERE, messages(b"1"))
        broker.write_marker(HERE, *who, committed=True)
        assert [(0, b"1")] == read(broker)
        assert not broker.is_settled
        with pytest.raises(FencedOff):
            broker.write_marker(THERE, who[0], who[1] - 1, committed=False)

    played(steps)


def test_compaction_keeps_the_last_of_each_key_and_all_that_is_not_settled() -> None:
    async def steps(broker: Broker) -> None:
        broker.write(HERE, [Message(b"a", b"1"), Message(b"b", b"2"), Message(b"a", None)])
        who = broker.init_producer("id", LIMIT_S)
        broker.produce(*who, HERE, [Message(b"b", b"3")])
        broker.partitions[HERE].compact()
        assert [(1, b"2"), (2, None)] == read(broker)
        broker.end_transaction(*who, committed=True)
        await settled()
        broker.partitions[HERE].compact()

    assert [(2, None), (3, b"3")] == read(played(steps))


def test_time_is_what_is_waited_for() -> None:
    async def steps() -> float:
        await asyncio.sleep(86_400)
        return the_loop().time()

    assert 86_400 == virtually(steps())


def test_a_frozen_process_goes_on_where_it_stood_and_its_clock_does_not_wait() -> None:
    async def steps() -> list[float]:
        loop, done = the_loop(), []
        process = Process("one")

        async def works() -> None:
            PROCESS.set(process)
            for _ in range(3):
                await asyncio.sleep(1)
                done.append(loop.time())

        works_on = asyncio.create_task(works())
        await asyncio.sleep(1.5)
        process.frozen = True
        await asyncio.sleep(10)
        loop.thaw(process)
        await works_on
        return done

    assert [1, 11.5, 12.5] == virtually(steps())


def test_a_callback_that_fails_is_reported() -> None:
    def fails() -> None:
        raise ValueError("planted")

    async def steps() -> None:
        the_loop().call_soon(fails)
        await asyncio.sleep(1)

    with pytest.raises(ValueError, match="planted"):
        virtually(steps())


def test_what_can_never_happen_is_not_waited_for() -> None:
    async def steps() -> None:
        await the_loop().create_future()

    with pytest.raises(Standstill):
        virtually(steps())
