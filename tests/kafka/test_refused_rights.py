"""Rights that are taken away while services run: said in words, within bounds.

Nothing is lost by it, and nothing is there twice.
"""

from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest
from aiokafka.structs import TopicPartition

from events.topics import JOURNAL
from services.runtime.kafka.acls import Operation, apply
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
from tests.waiting import eventually, run

secured = secured_flow.secured
cluster = secured_flow.cluster

TAKEN: Final = {
    "ledger: to write the journal": ("ledger", JOURNAL, Operation.WRITE),
    "ledger: its transactional id": ("ledger", "ecluse.ledger-", Operation.WRITE),
    "ledger: its group": ("ledger", "ecluse.ledger", Operation.READ),
    "projector: to read the journal": ("projector", JOURNAL, Operation.READ),
    "watch: to read the journal": ("watch", JOURNAL, Operation.READ),
}


@pytest.mark.timeout(240)
@pytest.mark.parametrize("name", TAKEN)
def test_a_right_that_is_taken_away_stops_a_process_in_words(
    name: str, secured: SecureBroker, cluster: Cluster, tmp_path: Path
) -> None:
    role, resource, operation = TAKEN[name]
    url, flow = f"sqlite:///{tmp_path / 'read.db'}", Flow(cluster)
    own = {
        "ECLUSE_TOPIC_PREFIX": cluster.prefix,
        "ECLUSE_DATABASE_URL": url,
        "ECLUSE_WATCH_DEADLINE_EVENTS": "false",
    }
    login = QUICK | own

    def process(principal: str) -> Process:
        variables = secured.environment(principal) | login
        return Process((ECLUSE, principal), tmp_path, principal, variables)

    with ExitStack() as stack:
        ledger = stack.enter_context(process("ledger"))
        other = ledger if role == "ledger" else stack.enter_context(process(role))
        for each in (ledger, other):
            each.until_ready()
        flow.goes_on()
        flow.until_journalled()
        taken = [
            each
            for each in rights(cluster)
            if (each.name, each.operation) != (cluster.prefix + resource, operation)
            or each.principal != f"User:{role}"
        ]
        assert 1 == len(rights(cluster)) - len(taken)
        run(apply(taken, cluster.settings))
        flow.goes_on()
        assert UNREACHABLE == other.ended(), other.text[-4000:]
        assert "this principal has no right to it" in other.text
        run(apply(rights(cluster), cluster.settings))
        other.start_again()
        flow.check(secured)
        if role == "projector":
            wanted_rows = sum(map(len, cluster.journal().values()))
            eventually(lambda: rows(url) == wanted_rows, "not all records in SQL")


def test_a_reader_that_may_not_describe_a_topic_is_refused_at_once(
    secured: SecureBroker, cluster: Cluster
) -> None:
    settings = secured.settings("publisher", topic_prefix=cluster.prefix)
    place = TopicPartition(settings.topic(JOURNAL), 0)

    async def bounds() -> None:
        async with Reader(settings, [place]) as reader:
            await reader.bounds(place)

    with pytest.raises(Unreachable, match=f"no right to it .*{place.topic}"):
        run(bounds(), timeout_s=REQUEST_TIMEOUT_S / 2)
