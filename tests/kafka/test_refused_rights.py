"""Rights that are taken away while services run: said in words, within bounds.

Nothing is lost by it, and nothing is there twice.
"""

from contextlib import ExitStack
from typing import Final

import pytest
from aiokafka.structs import TopicPartition

from events.topics import JOURNAL
from services.runtime.kafka.acls import Acl, Operation, apply
from services.runtime.kafka.clients import REQUEST_TIMEOUT_S
from services.runtime.kafka.reader import Reader
from services.runtime.ops.errors import Unreachable
from tests.kafka import secured_flow
from tests.kafka.cluster import Cluster
from tests.kafka.commands import UNREACHABLE
from tests.kafka.forked import ECLUSE
from tests.kafka.processes import Process, rows
from tests.kafka.secure_broker import SecureBroker
from tests.kafka.secured_flow import QUICK, Flow, rights
from tests.kafka.stack import Stack
from tests.waiting import eventually, run

stack = secured_flow.stack

TAKEN: Final = (
    ("ledger", JOURNAL, Operation.WRITE),
    ("ledger", "ecluse.ledger-", Operation.WRITE),
    ("ledger", "ecluse.ledger", Operation.READ),
    ("projector", JOURNAL, Operation.READ),
    ("watch", JOURNAL, Operation.READ),
)
"""Rights by principal: to the journal, to a transactional id, to a group."""


@pytest.mark.timeout(400)
def test_a_right_that_is_taken_away_stops_a_process_in_words(
    secured: SecureBroker, stack: Stack
) -> None:
    url, flow = f"sqlite:///{stack.folder / 'read.db'}", Flow(stack)
    own = {
        "ECLUSE_TOPIC_PREFIX": stack.prefix,
        "ECLUSE_DATABASE_URL": url,
        "ECLUSE_WATCH_DEADLINE_EVENTS": "false",
    }
    with ExitStack() as running:
        processes = {
            role: running.enter_context(
                Process((ECLUSE, role), stack.folder, role, secured.environment(role) | QUICK | own)
            )
            for role in ("ledger", "projector", "watch")
        }
        for role, resource, operation in TAKEN:
            process = processes[role]
            process.until_ready()
            flow.goes_on()
            flow.until_journalled()
            said_before = len(process.text)
            run(apply(without(stack, role, resource, operation), stack.settings))
            flow.goes_on()
            assert UNREACHABLE == process.ended(), process.text[-4000:]
            assert "this principal has no right to it" in process.text[said_before:]
            run(apply(rights(stack), stack.settings))
            process.start_again()
        flow.check(secured)
        wanted_rows = sum(map(len, stack.journal().values()))
        eventually(lambda: rows(url) == wanted_rows, "not all records in SQL")


def without(cluster: Cluster, role: str, resource: str, operation: Operation) -> list[Acl]:
    """All rights but one."""
    taken = (f"User:{role}", cluster.prefix + resource, operation)
    left = [
        each for each in rights(cluster) if (each.principal, each.name, each.operation) != taken
    ]
    assert 1 == len(rights(cluster)) - len(left)
    return left


def test_a_reader_that_may_not_describe_a_topic_is_refused_at_once(
    secured: SecureBroker, stack: Stack
) -> None:
    settings = secured.settings("publisher", topic_prefix=stack.prefix)
    place = TopicPartition(settings.topic(JOURNAL), 0)

    async def bounds() -> None:
        async with Reader(settings, [place]) as reader:
            await reader.bounds(place)

    with pytest.raises(Unreachable, match=f"no right to it .*{place.topic}"):
        run(bounds(), timeout_s=REQUEST_TIMEOUT_S / 2)
