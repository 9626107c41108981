"""Logins by OAUTHBEARER on a broker that checks tokens by their issuer's keys.

aiokafka cannot log in again on a connection that stands (KIP-368): the broker closes it when its
time is over, and a new one begins with a new token.
"""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Final

import pytest

from services.runtime.kafka.acls import apply, list_wanted, read_rights
from tests.builders import a_vote_and_awards
from tests.integration.command import CommandResult, real_ecluse
from tests.kafka.cluster import Cluster, budget_on, source_offsets
from tests.kafka.commands import DONE, UNREACHABLE
from tests.kafka.forked import ECLUSE
from tests.kafka.processes import Process
from tests.kafka.secure_broker import SecureBroker
from tests.kafka.token_issuer import SECRET, Issuer, issuing
from tests.waiting import eventually, run

PARTITIONS: Final = 2
REAUTHENTICATION_S: Final = 3
ROUNDS: Final = 2
AWARDS: Final = 60


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with issuing() as issuer:
        yield issuer


@pytest.fixture(scope="module")
def secured(issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureBroker]:
    """Connections stand for three seconds, then their clients must log in again."""
    reauthentication = {"connections.max.reauth.ms": str(REAUTHENTICATION_S * 1000)}
    folder = tmp_path_factory.mktemp("secured")
    with SecureBroker(folder, (), issuer.url, **reauthentication) as broker:
        yield broker


@pytest.fixture
def cluster(secured: SecureBroker, prefix: str) -> Cluster:
    cluster = Cluster(secured.bootstrap, prefix, PARTITIONS)
    cluster.create()
    run(apply(list_wanted(read_rights(), cluster.settings), cluster.settings))
    return cluster


def environment(
    cluster: Cluster, broker: SecureBroker, issuer: Issuer, client: str, secret: str = SECRET
) -> dict[str, str]:
    own = {"ECLUSE_TOPIC_PREFIX": cluster.prefix, "ECLUSE_WATCH_DEADLINE_EVENTS": "false"}
    return broker.environment(client) | issuer.environment(client, secret) | own


@pytest.mark.timeout(240)
def test_services_log_in_by_tokens_again_and_again_and_lose_nothing(
    secured: SecureBroker, cluster: Cluster, issuer: Issuer, tmp_path: Path
) -> None:
    issuer.lifetime_s = 4 * REAUTHENTICATION_S
    url = f"sqlite:///{tmp_path / 'read.db'}"
    budgets = [budget_on(number, PARTITIONS) for number in range(PARTITIONS)]
    with ExitStack() as stack:
        running = {}
        for role in ("ledger", "projector", "watch"):
            variables = environment(cluster, secured, issuer, role) | {"ECLUSE_DATABASE_URL": url}
            process = Process((ECLUSE, role), tmp_path, role, variables)
            running[role] = stack.enter_context(process)
        for each in running.values():
            each.until_ready()
        for first in range(0, ROUNDS * AWARDS, AWARDS):
            begun = issuer.given.copy()
            for budget in budgets:
                cluster.publish(a_vote_and_awards(budget, AWARDS, first=first))
            # The broker closes what stands for long, and a token is of use for as long.
            for role in running:
                eventually(partial(_has_a_token_since, issuer, role, begun), f"no token: {role}")
        journal = cluster.wait_for_records(len(budgets) * ROUNDS * AWARDS)
        for records in journal.values():
            assert list(range(ROUNDS * AWARDS)) == source_offsets(records)
        eventually(lambda: _is_level(running["watch"], budgets), "the watch does not catch up")
        for process in running.values():
            assert process.code is None, process.text[-4000:]
        for process in running.values():
            assert 0 == process.stop()


def _has_a_token_since(issuer: Issuer, role: str, begun: Counter[str]) -> bool:
    return begun[role] < issuer.given[role]


def _is_level(watch: Process, budgets: list[str]) -> bool:
    answers = [watch.get(f"/balances/{each}") for each in budgets]
    found = [json.loads(body) for status, body in answers if status == 200]
    return [ROUNDS * AWARDS] * len(budgets) == [each["sequence"] for each in found]


def asked(
    cluster: Cluster, broker: SecureBroker, issuer: Issuer, secret: str = SECRET
) -> CommandResult:
    variables = environment(cluster, broker, issuer, "operator", secret)
    return real_ecluse("topics", "diff", given=b"", **variables)


def test_a_command_logs_in_by_a_token(
    secured: SecureBroker, cluster: Cluster, issuer: Issuer
) -> None:
    result = asked(cluster, secured, issuer)
    assert DONE == result.code, result.err


def test_a_wrong_client_secret_is_refused_in_words(
    secured: SecureBroker, cluster: Cluster, issuer: Issuer
) -> None:
    result = asked(cluster, secured, issuer, "wrong")
    assert UNREACHABLE == result.code
    assert f"no token from {issuer.url}/token: HTTP 401" in result.err


def test_a_token_for_others_is_refused_in_words(
    secured: SecureBroker, cluster: Cluster, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(issuer, "audience", "another service")
    result = asked(cluster, secured, issuer)
    assert UNREACHABLE == result.code
    assert "it refuses the token of operator" in result.err
