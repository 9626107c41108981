"""The watch's deadline events on a real broker: each once, whoever is killed, frozen or away.

They are read as the ledger reads them: committed, and no more.
"""

import asyncio
import json
import os
import signal
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final, Self

import pytest

from events.topics import INTERNAL_EVENTS
from services.due.deadline_events import Deadline, DeadlineEvent, deadline_event_of
from services.runtime.kafka.writer import FencedError, FencedWriter, WriterFailed
from services.runtime.ops.errors import ClusterError
from services.runtime.ops.settings import Settings
from services.watch import deadlines
from services.watch.deadlines import DeadlinePublisher
from tests.kafka.brokers import Broker
from tests.kafka.cluster import STRUCTURED, Cluster, Sent
from tests.kafka.delivering import DELIVERED, FENCED
from tests.kafka.delivering import deliver as delivering
from tests.kafka.forked import FORKS
from tests.kafka.topics import catalogue_of
from tests.waiting import WAIT_S, eventually, run

MOMENTS: Final = (
    "before start",  # it has fenced nobody
    "behind start",
    "behind hanging",  # it reads what stands there
    "before begin",
    "behind begin",
    "before write",
    "behind write",  # the transaction is open, and has internal events
    "amid commit",  # it may end either way
    "behind commit",  # it is to end, and the marker may not be written
    "behind settle",  # the internal events are written, and nobody knows
)


class Poster:
    """A process that delivers internal events to a partition, and stops itself at a moment.

    `again` makes it call once more where it was fenced, as a watch that believes that the partition
    still is its own.
    """

    def __init__(
        self,
        settings: Settings,
        number: int,
        deadline_events: Sequence[DeadlineEvent],
        moment: str,
        folder: Path | None = None,
        *,
        again: bool = False,
    ) -> None:
        self._flag = None if folder is None else folder / f"frozen-{number}"
        arguments = (settings, number, list(deadline_events), moment, self._flag, again)
        self._process = FORKS.Process(target=delivering, args=arguments)
        self._process.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.join()

    def was_killed(self) -> None:
        """Wait for its end."""
        self._process.join(WAIT_S)
        assert -signal.SIGKILL == self._process.exitcode

    def is_frozen(self) -> None:
        """Wait until it stands still."""
        flag = self._flag
        assert flag is not None, "only with a folder"
        eventually(flag.exists, "it has not come so far")
        self._signal(signal.SIGSTOP)

    def thaw(self) -> int:
        """Let it go on; what it ended with."""
        self._signal(signal.SIGCONT)
        self._process.join(WAIT_S)
        code = self._process.exitcode
        assert code is not None, "it never ends"
        return code

    def _signal(self, number: int) -> None:
        assert self._process.pid is not None, "it was started"
        os.kill(self._process.pid, number)


PARTITIONS: Final = len(MOMENTS)
BUDGET: Final = "21590350100017-00-2023"
SHORT_S: Final = 10.0
"""The time-out of a transaction where a broker that is away is itself the test."""


def deadline_events(count: int) -> list[DeadlineEvent]:
    """Deadline events about so many orders."""
    passed_at = datetime(2023, 7, 14, 22, tzinfo=UTC)
    return [
        deadline_event_of(
            Deadline(BUDGET, "payment_due", (f"C/{number}",), date(2023, 7, 14)), passed_at
        )
        for number in range(count)
    ]


def ids(count: int) -> list[str]:
    return [each.id for each in deadline_events(count)]


@pytest.fixture
def cluster(nowhere: Cluster) -> Cluster:
    """The topic of deadline events alone, one partition for each moment."""
    nowhere.create(catalogue_of(INTERNAL_EVENTS))
    return nowhere


def written(cluster: Cluster) -> dict[int, list[str]]:
    """The ids of the deadline events in each partition, in order, read as the ledger reads them."""
    return {
        number: [json.loads(each.value)["id"] for each in records]
        for number, records in cluster.read(INTERNAL_EVENTS).items()
    }


def deliver(cluster: Cluster, numbers: Sequence[int], count: int) -> None:
    """Another watch takes these partitions over, and writes what is due."""

    async def go() -> None:
        post = DeadlinePublisher(cluster.settings)
        try:
            for number in numbers:
                assert ids(count) == await post.deliver(number, deadline_events(count))
        finally:
            await post.end()

    run(go())


def test_a_watch_that_is_killed_at_any_moment_leaves_none_out_and_none_twice(
    cluster: Cluster,
) -> None:
    """`kill -9`; the next one writes the same deadline events, and one more."""
    three, numbers = deadline_events(3), range(PARTITIONS)
    killed = [Poster(cluster.settings, each, three, MOMENTS[each]) for each in numbers]
    for each in killed:
        each.was_killed()
    deliver(cluster, numbers, 4)
    assert dict.fromkeys(numbers, ids(4)) == written(cluster)
    deliver(cluster, numbers, 4)
    assert dict.fromkeys(numbers, ids(4)) == written(cluster)


def test_a_watch_that_is_frozen_at_any_moment_writes_nothing_when_it_thaws(
    cluster: Cluster, tmp_path: Path
) -> None:
    """Another has taken its partition over; who is amid a transaction learns so."""
    three, numbers = deadline_events(3), range(PARTITIONS)
    with ExitStack() as stack:
        frozen = [
            stack.enter_context(Poster(cluster.settings, each, three, MOMENTS[each], tmp_path))
            for each in numbers
        ]
        for each in frozen:
            each.is_frozen()
        deliver(cluster, numbers, 4)
        codes = [each.thaw() for each in frozen]
    assert dict.fromkeys(numbers, ids(4)) == written(cluster)
    # One that had read nothing yet finds that all is there, and one that had written all is done.
    assert [DELIVERED] * 3 == codes[:3]
    assert [FENCED] * 4 == codes[3:7]
    assert codes[7] in {FENCED, DELIVERED}
    assert [DELIVERED] * 2 == codes[8:]


def test_two_owners_of_a_partition_write_nothing_twice(cluster: Cluster, tmp_path: Path) -> None:
    async def go() -> None:
        mine = DeadlinePublisher(cluster.settings)
        three = deadline_events(3)
        with Poster(cluster.settings, 0, three, "behind write", tmp_path, again=True) as theirs:
            await asyncio.to_thread(theirs.is_frozen)
            assert ids(2) == await mine.deliver(0, deadline_events(2))
            assert DELIVERED == await asyncio.to_thread(theirs.thaw)
        with pytest.raises(FencedError):
            await mine.deliver(0, deadline_events(4))
        assert ids(4) == await mine.deliver(0, deadline_events(4))
        await mine.end()

    run(go())
    assert ids(4) == written(cluster)[0]


def test_many_deadline_events_take_several_transactions_and_each_committed_one_counts(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deadlines, "TRANSACTION_INTERNAL_EVENTS", 2)

    async def go() -> None:
        post = DeadlinePublisher(cluster.settings)
        await post.begin(0)
        writer = post._writers[0]
        begin, begun = writer.begin, [0]

        async def failing() -> None:
            begun[0] += 1
            if begun[0] == 3:
                raise WriterFailed("planted")
            await begin()

        monkeypatch.setattr(writer, "begin", failing)
        with pytest.raises(WriterFailed, match="planted"):
            await post.deliver(0, deadline_events(5))
        assert {} == post._writers
        assert sorted(ids(4)) == await post.begin(0)
        assert ids(6) == await post.deliver(0, deadline_events(6))
        await post.end(kept=[0])
        assert [0] == list(post._writers)
        await post.end()
        assert {} == post._writers

    run(go())
    assert ids(6) == written(cluster)[0]


def test_a_broker_that_goes_away_and_comes_back_costs_no_deadline_event(
    broker: Broker, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes while a transaction ends, and is away at the next round; then it is there again."""
    settings = cluster.settings.model_copy(update={"transaction_timeout_s": SHORT_S})
    with asyncio.Runner() as runner:
        post = DeadlinePublisher(settings)
        runner.run(post.begin(0))
        writer = post._writers[0]
        commit = writer.commit

        async def away() -> None:
            broker.kill()
            await commit()

        monkeypatch.setattr(writer, "commit", away)
        for _ in range(2):
            with pytest.raises((ClusterError, WriterFailed)):
                runner.run(post.deliver(0, deadline_events(3)))
        broker.restart()  # Here, and in no thread: it dies with whichever started it.
        for number in (0, 1):
            assert ids(3) == runner.run(_in_the_end(post, number, deadline_events(3)))
        runner.run(post.end())
    assert [ids(3)] * 2 == list(written(cluster).values())[:2]


async def _in_the_end(post: DeadlinePublisher, number: int, some: list[DeadlineEvent]) -> list[str]:
    """Round after round, as the watch does, until a broker that comes back is well again."""
    while True:
        try:
            return await post.deliver(number, some)
        except (ClusterError, WriterFailed):
            await asyncio.sleep(0.2)


def test_a_deadline_event_behind_an_open_transaction_is_not_written_twice(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ledger writes there too: what is committed behind it cannot be read yet."""
    monkeypatch.setattr(deadlines, "SETTLED_S", 0.3)

    with asyncio.Runner() as runner:
        former = DeadlinePublisher(cluster.settings)
        runner.run(former.begin(0))
        with cluster.left_open(INTERNAL_EVENTS):
            assert ids(1) == runner.run(former.deliver(0, deadline_events(1)))
            with pytest.raises(WriterFailed, match="a transaction is open at"):
                deliver(cluster, [0], 2)
        runner.run(former.end())
    cluster.wait_until_settled(INTERNAL_EVENTS)
    deliver(cluster, [0], 2)
    assert ids(2) == written(cluster)[0]


def test_deadline_events_of_other_senders_are_not_taken_for_ours(cluster: Cluster) -> None:
    [own, other] = deadline_events(2)
    borrowed = json.loads(other.value) | {"source": "urn:finance", "subject": "urn:ecluse:watch"}
    strangers = [b'{"source":"urn:ecluse:watch"', json.dumps(borrowed).encode(), b"{}", None]
    sent = [Sent(0, BUDGET.encode(), each, STRUCTURED) for each in strangers]
    cluster.write(sent, INTERNAL_EVENTS)

    async def go() -> None:
        post = DeadlinePublisher(cluster.settings)
        assert [] == await post.begin(0)
        assert [own.id] == await post.deliver(0, [own, own][:1])
        assert [own.id] == await post.begin(0)
        await post.end()

    run(go())
    [deadline_event] = cluster.read(INTERNAL_EVENTS)[0][4:]
    assert (BUDGET.encode(), own.value) == (deadline_event.key, deadline_event.value)
    assert STRUCTURED == deadline_event.headers, "no mark of the ledger's transactions"


# ------------------------------------------------------------ what a broker forgets to end


async def _hanging(cluster: Cluster, some: list[DeadlineEvent]) -> None:
    """Deadline events are written to partition 0, and the coordinator never hears of it."""
    post = DeadlinePublisher(cluster.settings.model_copy(update={"transaction_timeout_s": SHORT_S}))
    error = ""
    while "the former transaction is still open" not in error:
        await post.begin(0)
        _forget(cluster, post._writers[0])
        with pytest.raises(WriterFailed) as failed:
            await post.deliver(0, some)
        error = str(failed.value)
        # A broker takes a moment to follow its settings.
        assert "InvalidTxnState" in error or "still open" in error
    await post.end()


def _forget(cluster: Cluster, writer: FencedWriter) -> None:
    begin = writer.begin

    async def begin_and_forget() -> None:
        await begin()
        manager = writer._producer._txn_manager
        manager._txn_partitions.add(cluster.place(INTERNAL_EVENTS, 0))
        manager.maybe_add_partition_to_txn(cluster.place(INTERNAL_EVENTS, 1))

    writer.begin = begin_and_forget  # type: ignore[method-assign]


def test_deadline_events_in_a_hanging_transaction_are_written_again(forgetful: Cluster) -> None:
    run(_hanging(forgetful, deadline_events(2)))
    assert [] == written(forgetful)[0]

    deliver(forgetful, [0], 3)
    assert ids(3) == written(forgetful)[0]
