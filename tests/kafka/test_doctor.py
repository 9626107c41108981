"""`ecluse doctor` on a broker: OK on a sound stack, and each planted trouble by its name.

Of the ledger's partitions: test_doctor_partitions.py; of logins and certificates:
test_doctor_secured.py; of databases: tests/read_model/test_doctor.py; of settings, and where
nothing answers: tests/unit/doctor.
"""

import asyncio
import socket
from contextlib import ExitStack
from typing import Final

import pytest

from events.lag import TREASURY_STAGE
from events.topics import (
    JOURNAL,
    PAYMENT_ORDERS,
    PROJECTOR_GROUP,
    REFUSALS,
    SLIPS,
)
from services.doctor.examination import examine
from services.doctor.judge import State
from services.runtime.ops.clock import wall_clock
from services.watch.settings import WatchSettings
from tests.builders import a_vote_and_awards
from tests.kafka.brokers import Broker
from tests.kafka.cluster import budget_on
from tests.kafka.examined import Examined, examined
from tests.kafka.group_members import Member
from tests.kafka.processes import rows
from tests.kafka.stack import Stack
from tests.kafka.treasury_process import an_order_message
from tests.unit.watch.ledger_output import Out
from tests.waiting import eventually, eventually_async, run

PARTITIONS: Final = 1


@pytest.mark.timeout(240)
def test_a_sound_stack_is_ok_and_a_service_that_has_ended_is_named(
    stack: Stack, postgresql_url: str
) -> None:
    """Ledger, projector, watch, treasury and API on one broker and one PostgreSQL."""
    url = postgresql_url
    stack.publish(a_vote_and_awards(budget_on(0, PARTITIONS), 3))
    with ExitStack() as running:
        services = [
            running.enter_context(each)
            for each in (
                stack.ledger(),
                stack.projector(url, ECLUSE_SESSION_TIMEOUT_S="5"),
                stack.watch(),
                stack.treasury(url),
            )
        ]
        for each in services:
            each.until_ready()
        running.enter_context(stack.api(url))
        services[1].until(lambda: rows(url) == 3, "all records")
        own = {"ECLUSE_DATABASE_URL": url, "ECLUSE_TREASURY_URL": url}
        found = examined(stack, **own)
        assert [] == [(each, found.text(*each)) for each in found.troubles]
        assert [] == found.of_state("unknown"), "on this machine even its disk is known"
        names = {name for name, _where in found.of_state("ok")}
        assert {"broker", "topics", "replicas", "limits", "transactions", "clock", "disk"} <= names
        assert {"rights", "partition", "consumer", "version", "schema", "settings"} <= names
        assert 4 == [name for name, _where in found.of_state("ok")].count("consumer")
        assert 3 == [name for name, _where in found.of_state("ok")].count("schema")

        services[1].kill()
        eventually(
            lambda: examined(stack, **own).troubles == [("consumer", PROJECTOR_GROUP)],
            "the projector is not missed alone",
        )


@pytest.mark.timeout(240)
def test_markers_alone_behind_a_position_are_nothing_to_do(stack: Stack) -> None:
    """A treasury that commits its last record + 1 leaves the marker of the transaction behind."""
    treasury = next(each for each in WatchSettings().consumers if each.stage == TREASURY_STAGE)
    group = treasury.group
    order = Out(PAYMENT_ORDERS, 0, b"budget", an_order_message())

    async def is_taken(member: Member) -> bool:
        return bool(member.committed)

    async def go() -> tuple[Examined, Examined]:
        member = Member(stack.settings, treasury)
        await member.start()
        try:
            await stack.transact([[order]])
            await eventually_async(lambda: is_taken(member), "the order is not taken")
            markers = await asyncio.to_thread(examined, stack, "--role", "watch")
            member.commits = False
            await stack.transact([[order]])
            return markers, await asyncio.to_thread(examined, stack, "--role", "watch")
        finally:
            await member.stop()

    markers, waits = run(go(), 180)
    assert ("consumer", group) in markers.of_state("ok"), markers.text("consumer", group)
    assert ("consumer", group) in waits.troubles
    assert "Records wait" in waits.text("consumer", group)


# ---------------------------------------------------------------- topics and the broker
def test_topics_and_a_time_out_that_are_not_as_they_must_be_are_named(stack: Stack) -> None:
    stack.delete(SLIPS)
    stack.alter(JOURNAL, retention_ms="604800000")
    found = examined(stack, "--before-start", ECLUSE_TRANSACTION_TIMEOUT_S="1000")
    assert ("limits", "ECLUSE_TRANSACTION_TIMEOUT_S") in found.troubles
    assert {("topics", stack.name(SLIPS)), ("topics", stack.name(JOURNAL))} <= {*found.troubles}
    assert "ecluse topics apply" in found.text("topics", stack.name(SLIPS))
    assert "retention.ms is 604800000" in found.text("topics", stack.name(JOURNAL))


def test_addresses_without_a_broker_and_topics_of_no_name_are_named(stack: Stack) -> None:
    """Nobody listens at the one, nobody answers at the other; of topics nothing is OK."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        env = {
            "ECLUSE_BOOTSTRAP_SERVERS": f"127.0.0.1:9,{stack.bootstrap},{address}",
            "ECLUSE_TOPIC_PREFIX": "nope.",
        }
        found = examined(stack, "--role", "watch", **env)
    addresses = {where for name, where in found.troubles if name == "broker"}
    assert {"127.0.0.1:9", address} == addresses
    assert "no answer" in found.text("broker", address)
    assert ("broker", stack.bootstrap) in found.of_state("ok")
    assert ("topics", f"nope.{JOURNAL}") in found.troubles
    assert {"replicas", "transactions", "consumer"} <= {
        name for name, _where in found.of_state("unknown")
    }
    assert f"nope.{JOURNAL}" in found.text("replicas", None)
    assert f"nope.{JOURNAL}" in found.text("transactions", None)
    assert "topics that it reads" in found.text("consumer", PROJECTOR_GROUP)


def test_a_transaction_that_stays_open_is_named(stack: Stack) -> None:
    env = {"ECLUSE_TRANSACTION_TIMEOUT_S": "0.5"}
    with stack.left_open(REFUSALS):
        hanging = ("transactions", f"{stack.name(REFUSALS)}/0")

        def old_enough() -> Examined | None:
            found = examined(stack, "--role", "watch", "--before-start", **env)
            return found if found.troubles else None

        found = eventually(old_enough, "it is not old enough")
        assert [hanging] == found.troubles
        assert "since offset 0" in found.text(*hanging)


def test_a_frozen_broker_is_a_line_and_no_wait_without_end(broker: Broker, stack: Stack) -> None:
    broker.freeze()
    found = examined(stack)
    assert [("broker", stack.bootstrap)] == found.troubles[:1]
    assert "no answer in" in found.text("broker", stack.bootstrap)
    assert ("partition", stack.bootstrap) in found.of_state("unknown")


def test_a_clock_that_is_a_minute_ahead_of_kafka_is_named(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in stack.environment.items():
        monkeypatch.setenv(name, value)
    checks = run(examine("ledger", before_start=True, clock=lambda: wall_clock() + 60))
    (found,) = [each for each in checks if each.name == "clock"]
    assert State.TROUBLE == found.state
    assert 59 < found.text.facts["skew_s"] < 61  # type: ignore[operator] # a figure
