"""Refusals of a consumer group: of settings, which end a service in words, and of late joins."""

from contextlib import suppress
from typing import Any, Final

import pytest
from aiokafka import ConsumerRebalanceListener
from aiokafka.errors import NoOffsetForPartitionError
from aiokafka.structs import TopicPartition

from events.topics import EVENTS
from services.runtime.kafka.clients import make_member, member_id, rejoin
from tests.kafka.brokers import SETTINGS
from tests.kafka.commands import UNREACHABLE
from tests.kafka.forked import ECLUSE
from tests.kafka.processes import WATCH, Process
from tests.kafka.stack import Stack
from tests.kafka.treasury_process import RUN
from tests.waiting import eventually_async, run

ROLES: Final = {"treasury": RUN, "watch": WATCH, "ledger": (ECLUSE, "ledger")}
KAFKAS_MOST_MS: Final = "1800000"


class Unmoved(ConsumerRebalanceListener):  # type: ignore[misc] # aiokafka carries no types
    """Does nothing about what it is given."""

    def on_partitions_revoked(self, revoked: Any) -> None: ...

    def on_partitions_assigned(self, assigned: Any) -> None: ...


@pytest.mark.parametrize(
    ("role", "seconds"), [*((role, "0.5") for role in ROLES), ("ledger", "3600")]
)
def test_a_session_timeout_out_of_bounds_ends_a_service_in_words(
    role: str, seconds: str, stack: Stack
) -> None:
    own = {
        "ECLUSE_SESSION_TIMEOUT_S": seconds,
        "ECLUSE_TREASURY_URL": f"sqlite:///{stack.folder / 'treasury.db'}",
        "ECLUSE_DATABASE_URL": f"sqlite:///{stack.folder / 'read.db'}",
    }
    with Process(ROLES[role], stack.folder, role, stack.environment | own) as process:
        assert UNREACHABLE == process.ended()
        least = SETTINGS["group.min.session.timeout.ms"]
        assert f"refuses the session timeout of {int(float(seconds) * 1000)} ms" in process.text
        assert "(ECLUSE_SESSION_TIMEOUT_S)" in process.text
        assert f"allow {least} to {KAFKAS_MOST_MS} ms" in process.text


@pytest.mark.rest
@pytest.mark.parametrize("role", ["treasury", "watch"])
def test_two_processes_of_one_name_end_with_what_to_do(role: str, stack: Stack) -> None:
    own = {
        "ECLUSE_INSTANCE": "desk",
        "ECLUSE_SESSION_TIMEOUT_S": "3",
        "ECLUSE_TREASURY_URL": f"sqlite:///{stack.folder / 'treasury.db'}",
    }
    environment = stack.environment | own
    with Process(ROLES[role], stack.folder, "one", environment) as one:
        one.until_ready()
        with Process(ROLES[role], stack.folder, "another", environment) as another:
            one.until(lambda: one.code is not None or another.code is not None, "one has ended")
            ended = one if one.code is not None else another
            assert UNREACHABLE == ended.ended()
            assert "under the name desk: give each its own" in ended.text


def test_a_member_that_a_late_join_of_its_own_has_replaced_joins_anew(stack: Stack) -> None:
    """The join waited in the network while the member sent the next; here it is sent later."""
    settings = stack.settings.model_copy(update={"session_timeout_s": 20.0})
    topic = stack.name(EVENTS)

    async def go() -> None:
        member, late = (make_member(settings, "group", topic, Unmoved()) for _ in range(2))
        try:
            await member.start()
            first = member_id(member)
            await late.start()
            assert first != member_id(late)
            await late.stop()
            rejoin(member)

            async def again() -> set[TopicPartition]:
                with suppress(NoOffsetForPartitionError):  # no service resumes from there
                    await member.getmany(timeout_ms=0)  # raises what ends a worker
                return member.assignment() if member_id(member) not in {first, ""} else set()

            owned = await eventually_async(again, "it has joined anew")
            assert stack.partitions == len(owned)
        finally:
            await member.stop()

    run(go())
