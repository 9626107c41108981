"""Workers that come, go and come back: each partition goes on, and nobody is thrown out."""

from collections.abc import Callable
from typing import Any, Final

import pytest
from aiokafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment

from events import topics
from services.runtime.kafka import clients
from tests.builders import Json, a_vote
from tests.kafka.cluster import budget_on, outcomes
from tests.kafka.commands import UNREACHABLE
from tests.kafka.processes import Worker
from tests.kafka.stack import Stack
from tests.waiting import WAIT_S, eventually, run

PARTITIONS: Final = 4
SESSION_S: Final = 30
"""Time enough for a process to start on a slow machine."""

MANY: Final = 64
STABLE: Final = "Stable"
"""No member is asked to join again."""


def votes(partitions: int = PARTITIONS) -> list[Json]:
    """One event on each partition."""
    return [a_vote(budget=budget_on(number, partitions)) for number in range(partitions)]


def shares(worker: Worker) -> list[list[int]]:
    """What the group gave to a worker, time after time."""
    return [line["partitions"] for line in worker.logged("partitions_owned")]


def state_of_the_group(stack: Stack) -> str:
    """As its coordinator tells it."""

    async def go() -> str:
        async with stack._admin() as admin:
            group = stack.settings.group(topics.LEDGER_GROUP)
            (answer,) = await admin.describe_consumer_groups([group])
            return str(answer.groups[0][2])

    return run(go())


def test_two_that_restore_longer_than_a_session_share_the_partitions(stack: Stack) -> None:
    stack.publish(votes())
    env = {"ECLUSE_SESSION_TIMEOUT_S": "5"}
    with (
        stack.ledger("a", fault="slow_restore:12", **env) as a,
        stack.ledger("b", fault="slow_restore:12", **env) as b,
    ):
        a.wait_for_states(running=2)
        b.wait_for_states(running=2)
        assert sorted(shares(a)[-1] + shares(b)[-1]) == [0, 1, 2, 3]
        # One joined first, and shared once with the other; whoever is thrown out joins again.
        assert 3 >= len(shares(a)) + len(shares(b))
        assert [["accepted"]] * 4 == list(map(outcomes, stack.wait_for_records(4).values()))
        assert (0, 0) == (a.stop(), b.stop())


@pytest.mark.parametrize("end", [Worker.stop, Worker.kill])
def test_one_that_is_back_within_its_session_disturbs_nobody(
    stack: Stack, end: Callable[[Worker], object]
) -> None:
    env = {"ECLUSE_SESSION_TIMEOUT_S": str(SESSION_S)}
    with stack.ledger("a", **env) as a:
        a.wait_for_states(running=4)
        with stack.ledger("b", **env) as b:
            a.wait_for_states(running=2)
            b.wait_for_states(running=2)
            of_b = shares(b)
            end(a)
            with stack.ledger("a", **env) as back:
                back.wait_for_states(running=2)
                assert STABLE == state_of_the_group(stack)
                stack.publish(votes())
                stack.wait_for_records(4)
                assert shares(a)[-1:] == shares(back), "it has what it had"
                assert of_b == shares(b), "the other one was not asked"


class AssignsNothing(StickyPartitionAssignor):  # type: ignore[misc] # aiokafka has no types
    """The assignor of a leader that may not describe the topic."""

    @classmethod
    def assign(cls, _cluster: Any, members: Any) -> dict[str, ConsumerProtocolMemberAssignment]:
        nothing = ConsumerProtocolMemberAssignment(cls.version, [], b"")
        return dict.fromkeys(members, nothing)


def test_one_whose_predecessor_was_given_nothing_is_given_partitions(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clients, "StickyPartitionAssignor", AssignsNothing)
    settings = stack.settings.model_copy(update={"instance": "a", "session_timeout_s": 30})

    async def predecessor() -> None:
        member = clients.make_member(
            settings,
            settings.group(topics.LEDGER_GROUP),
            settings.topic(topics.EVENTS),
            None,
        )
        await member.start()
        assert set() == member.assignment()
        await member.stop()

    run(predecessor())
    stack.publish(votes())
    with stack.ledger("a", ECLUSE_SESSION_TIMEOUT_S="30") as back:
        stack.wait_for_records(4)
        assert [[], [0, 1, 2, 3]] == shares(back)


@pytest.mark.parametrize("while_events_come", [False, True], ids=["idle", "while events come"])
def test_two_of_one_name_do_not_quarrel_for_ever(while_events_come: bool, stack: Stack) -> None:
    env, rounds = {"ECLUSE_SESSION_TIMEOUT_S": "2"}, 0
    with stack.ledger("a", **env) as a, stack.ledger("a", **env) as same:

        def one_has_ended() -> bool:
            nonlocal rounds
            if while_events_come:
                stack.publish(votes())
                rounds += 1
            return {a.code, same.code} != {None}

        eventually(one_has_ended, "both still run")
        ended = a if a.code is not None else same
        assert UNREACHABLE == ended.code
        assert "--instance" in ended.messages
    stack.publish(votes())
    with stack.ledger("a", **env) as alone:
        stack.wait_for_records(4 * (rounds + 1))
        alone.wait_for_states(running=4)


@pytest.mark.timeout(360)
def test_one_worker_runs_64_partitions(nowhere: Stack) -> None:
    stack = nowhere.create_with(MANY)
    with stack.ledger() as worker:
        worker.wait_for("worker_started")
        worker.wait_for_states(4 * WAIT_S, running=MANY)
        stack.publish(votes(MANY))
        assert [["accepted"]] * MANY == list(map(outcomes, stack.wait_for_records(MANY).values()))
        assert 0 == worker.stop()
        assert [] == worker.logged("task_cancelled")
