"""`ecluse doctor` with logins, rights and certificates: each planted trouble by its name."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from events.topics import JOURNAL, LEDGER_GROUP
from services.doctor.scope import USES
from services.runtime.kafka.acls import Operation, Resource, apply, list_wanted, read_rights
from services.runtime.kafka.topic_catalogue import TopicOptions, read_catalogue
from services.runtime.kafka.topics import apply as make_topics
from tests.kafka.examined import Examined, examined_with
from tests.kafka.secure_broker import OPERATOR, SecureBroker
from tests.waiting import run

DAYS: Final = 10
"""After so many the broker's certificate expires."""


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureBroker]:
    """A broker with topics and rights, whose certificate expires soon."""
    broker = SecureBroker(tmp_path_factory.mktemp("secured"), tuple(read_rights().principals))
    broker.renew(days=DAYS)
    with broker as started:
        operator = started.settings(OPERATOR)
        run(make_topics(read_catalogue(), operator, TopicOptions(partitions=1)))
        run(apply(list_wanted(read_rights(), operator), operator))
        yield started


def as_principal(broker: SecureBroker, name: str, *args: str, **env: str) -> Examined:
    return examined_with(broker.environment(name) | env, "--before-start", *args)


def without_certificate(found: Examined) -> list[tuple[str, str | None]]:
    return [each for each in found.troubles if each[0] != "certificate"]


def test_a_certificate_of_a_broker_that_expires_soon_is_named(secured: SecureBroker) -> None:
    found = as_principal(secured, OPERATOR)
    address = secured.settings(OPERATOR).bootstrap_servers
    assert [("certificate", address)] == found.troubles
    assert "CN=broker expires on" in found.text("certificate", address)
    assert ("certificate", str(secured.cafile)) in found.of_state("ok")
    assert f"It answers {OPERATOR}" in found.text("broker", address)


def test_our_own_certificate_in_a_file_that_expires_soon_is_named(
    secured: SecureBroker, tmp_path: Path
) -> None:
    """It is the broker's, for which that authority knows no other use."""
    file = tmp_path / "client.pem"
    file.write_bytes(secured._keystore.read_bytes())
    env = {
        "ECLUSE_BOOTSTRAP_SERVERS": f"127.0.0.1:{secured.tls_port}",
        "ECLUSE_KAFKA_SECURITY_PROTOCOL": "SSL",
        "ECLUSE_KAFKA_SSL_CAFILE": str(secured.cafile),
        "ECLUSE_KAFKA_SSL_CERTFILE": str(file),
    }
    found = examined_with(env, "--before-start", "--role", "ledger")
    assert ("certificate", str(file)) in found.troubles


@pytest.mark.parametrize("role", sorted(USES))
def test_each_role_finds_nothing_to_do_with_its_own_login(secured: SecureBroker, role: str) -> None:
    """What a role may not see is not known, and no trouble of it."""
    found = as_principal(secured, role, "--role", role)
    assert [] == [(each, found.text(*each)) for each in without_certificate(found)]
    assert ("rights", None) in found.of_state("ok")


def test_a_role_with_the_login_of_another_lacks_rights(secured: SecureBroker) -> None:
    """The watch may read the journal; it may decide nothing."""
    found = as_principal(secured, "watch", "--role", "ledger")
    text = found.text("rights", "watch")
    for lacking in (
        "watch lacks WRITE on topic ecluse.journal.v1",
        "watch lacks READ on group ecluse.ledger",
        "watch lacks WRITE on transactional_id ecluse.ledger-",
        "watch lacks CLUSTER_ACTION on cluster kafka-cluster",
    ):
        assert lacking in text
    assert "READ on topic ecluse.journal.v1" not in text


TAKEN: Final = (
    (Resource.TOPIC, JOURNAL, Operation.WRITE),
    (Resource.GROUP, LEDGER_GROUP, Operation.READ),
    (Resource.TRANSACTIONAL_ID, "ecluse.ledger-", Operation.WRITE),
    (Resource.CLUSTER, "kafka-cluster", Operation.CLUSTER_ACTION),
)
"""Rights of the ledger, one of each kind."""


def test_rights_that_were_taken_away_are_named_to_the_operator_and_to_the_role(
    secured: SecureBroker,
) -> None:
    operator = secured.settings(OPERATOR)
    rights = list_wanted(read_rights(), operator)
    taken = {("User:ledger", *each) for each in TAKEN}
    left = [
        each
        for each in rights
        if (each.principal, each.resource, each.name, each.operation) not in taken
    ]
    assert len(TAKEN) == len(rights) - len(left)
    run(apply(left, operator))
    try:
        by_operator = as_principal(secured, OPERATOR)
        by_role = as_principal(secured, "ledger", "--role", "ledger")
    finally:
        run(apply(rights, operator))
    assert [("rights", "User:ledger")] * len(TAKEN) == without_certificate(by_operator)
    assert ("rights", "ledger") in by_role.troubles
    for resource, name, operation in TAKEN:
        lacks = f"lacks {operation.name} on {resource.name.lower()} {name}"
        assert f"User:ledger {lacks}" in by_operator.text("rights", "User:ledger")
        assert f"ledger {lacks}" in by_role.text("rights", "ledger")


def test_a_login_that_is_refused_is_named(secured: SecureBroker) -> None:
    found = as_principal(secured, "ledger", ECLUSE_KAFKA_SASL_PASSWORD="another")
    assert ("broker", None) in found.troubles
    assert "it refuses the login of ledger" in found.text("broker", None)
    assert ("topics", secured.settings("ledger").bootstrap_servers) in found.of_state("unknown")


def test_who_may_not_ask_for_the_rights_of_others_does_not_know_them(
    secured: SecureBroker,
) -> None:
    found = as_principal(secured, "projector")
    assert ("rights", None) in found.of_state("unknown")
    assert "--role" in found.text("rights", None)
