"""A secured broker for tests whose logins and rights change while events go on arriving."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from bench.kafka.topics import delete
from events.topics import PAYMENT_ORDERS
from services.runtime.kafka.acls import Acl, apply, list_wanted, read_rights
from tests.builders import BUDGET, a_vote_and_awards
from tests.integration.command import EXAMPLE, ecluse
from tests.kafka.cluster import Cluster, budget_on, partition_for, source_offsets
from tests.kafka.commands import DONE
from tests.kafka.secure_broker import SecureBroker
from tests.kafka.stack import Stack
from tests.leaks import PASSWORD
from tests.waiting import run

PARTITIONS: Final = 2
CERTIFIED: Final = "User:CN=NAME"
"""The name of a principal who shows a certificate."""

NEW_PASSWORD: Final = f"{PASSWORD} changed"
YEAR: Final = [json.loads(line) for line in EXAMPLE.read_bytes().splitlines()]
QUICK: Final = {"ECLUSE_TRANSACTION_TIMEOUT_S": "6", "ECLUSE_SESSION_TIMEOUT_S": "4"}


@pytest.fixture
def stack(secured: SecureBroker, prefix: str, tmp_path: Path) -> Iterator[Stack]:
    """Topics and rights of this test, made and read by the listener of the broker's own machine."""
    stack = Stack(secured.bootstrap, prefix, PARTITIONS, tmp_path)
    stack.create()
    run(apply(rights(stack), stack.settings))
    yield stack
    run(delete(secured.bootstrap, prefix))


def rights(cluster: Cluster, form: str = "User:NAME") -> list[Acl]:
    """The rights of all principals under these topics."""
    return list_wanted(read_rights(), cluster.settings, form)


def with_file(broker: SecureBroker, principal: str, password: Path) -> dict[str, str]:
    """The variables of a principal whose password stands in a file."""
    variables = broker.environment(principal)
    del variables["ECLUSE_KAFKA_SASL_PASSWORD"]
    return variables | {"ECLUSE_KAFKA_SASL_PASSWORD_FILE": str(password)} | QUICK


class Flow:
    """Events that go on arriving: the year of the example, and awards of another budget."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._other = budget_on(1 - partition_for(BUDGET, PARTITIONS), PARTITIONS)
        self._awards = 0
        self._of_year = 0

    def goes_on(self, events: int = 3, awards: int = 40) -> None:
        year = YEAR[self._of_year : self._of_year + events]
        more = a_vote_and_awards(self._other, awards, first=self._awards)
        self._of_year, self._awards = self._of_year + len(year), self._awards + len(more)
        self._cluster.publish([*year, *more])

    def until_journalled(self) -> None:
        """All of it, and each once: the source's offsets without a gap."""
        self._cluster.wait_for_records(self._of_year + self._awards)

    def check(self, broker: SecureBroker) -> None:
        """Each event once in the journal, the orders of the year once, and all of it proved."""
        self.goes_on(len(YEAR))
        journal = self._cluster.wait_for_records(self._of_year + self._awards)
        for records in journal.values():
            assert list(range(len(records))) == source_offsets(records)
        orders = [each for some in self._cluster.read(PAYMENT_ORDERS).values() for each in some]
        replayed = json.loads(ecluse("replay", EXAMPLE, "--json").out)
        assert len(replayed["payment_orders"]) == len(orders)
        auditor = broker.environment("auditor") | {
            "ECLUSE_TOPIC_PREFIX": self._cluster.prefix,
            "ECLUSE_LOG_LEVEL": "ERROR",
        }
        proof = ecluse("verify", given=b"", **auditor)
        assert DONE == proof.code, proof.text
