"""Logins and rights that change while services run: rotated in order, or taken away.

Rotated one by one, nothing stops. Taken away, a process says who refused what, and stops within
bounds. In both nothing is lost, and nothing is there twice.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import httpx
import pytest

from events.topics import EVENTS, JOURNAL, PAYMENT_ORDERS
from services.dev.certificates import authority, signed_pem
from services.dev.local_broker import HOST
from services.runtime.kafka.acls import Acl, Operation, apply, read_rights, wanted
from services.runtime.kafka.refusals import REFUSALS_MAX
from tests.api.processes import api
from tests.builders import BUDGET, a_vote, a_vote_and_awards, encoded
from tests.integration.command import EXAMPLE, ecluse, real_ecluse
from tests.kafka.cluster import Cluster, budget_on, partition_for, source_offsets
from tests.kafka.commands import DONE, UNREACHABLE
from tests.kafka.forked import ECLUSE
from tests.kafka.processes import Process, Worker, rows
from tests.kafka.secure_broker import PASSWORD, SecureBroker
from tests.waiting import eventually, run

PARTITIONS: Final = 2
CERTIFIED: Final = "User:CN=NAME"
"""The name of a principal who shows a certificate."""

NEW_PASSWORD: Final = "a new one of tests"
YEAR: Final = [json.loads(line) for line in EXAMPLE.read_bytes().splitlines()]
ONE: Final = {"Content-Type": "application/cloudevents+json", "Accept-Language": "en"}
QUICK: Final = {"ECLUSE_TRANSACTION_TIMEOUT_S": "6", "ECLUSE_SESSION_TIMEOUT_S": "4"}


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureBroker]:
    principals = tuple(read_rights().principals)
    with SecureBroker(tmp_path_factory.mktemp("secured"), principals) as broker:
        yield broker


@pytest.fixture
def cluster(secured: SecureBroker, prefix: str) -> Cluster:
    """Topics and rights of this test, made and read by the listener of the broker's own machine."""
    cluster = Cluster(secured.bootstrap, prefix, PARTITIONS)
    cluster.create()
    run(apply(rights(cluster), cluster.settings))
    return cluster


def rights(cluster: Cluster) -> list[Acl]:
    """The rights of principals with a password, and of those with a certificate."""
    both = ("User:NAME", CERTIFIED)
    return [each for form in both for each in wanted(read_rights(), cluster.settings, form)]


@pytest.fixture
def password(tmp_path: Path, secured: SecureBroker) -> Iterator[Path]:
    """The file with the password of the principal `ledger`."""
    file = tmp_path / "password"
    file.write_text(PASSWORD)
    yield file
    secured.set_password("ledger", PASSWORD)


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


def restarted_one_by_one(workers: list[Worker], flow: Flow) -> None:
    for each in workers:
        assert 0 == each.stop()
        each.start_again()
        flow.goes_on()
        each.wait_for_states(running=1)
    flow.until_journalled()


# ---------------------------------------------------------------- rotated in order
@pytest.mark.timeout(240)
def test_a_new_password_is_taken_by_restarts_one_by_one(
    secured: SecureBroker, cluster: Cluster, password: Path, tmp_path: Path
) -> None:
    login, flow = with_file(secured, "ledger", password), Flow(cluster)
    with ExitStack() as stack:
        workers = [stack.enter_context(Worker(cluster, tmp_path, name, **login)) for name in "ab"]
        for each in workers:
            each.wait_for_states(running=1)
        flow.goes_on()
        secured.set_password("ledger", NEW_PASSWORD)
        # Connections that stand are not asked again.
        flow.goes_on()
        flow.until_journalled()
        password.write_text(NEW_PASSWORD)
        restarted_one_by_one(workers, flow)
        flow.check(secured)
    old = secured.environment("ledger") | {"ECLUSE_TOPIC_PREFIX": cluster.prefix}
    refused = real_ecluse("topics", "diff", given=b"", **old)
    assert UNREACHABLE == refused.code
    assert "it refuses the login of ledger" in refused.err


@pytest.mark.timeout(300)
def test_new_certificates_of_a_new_authority_are_taken_by_restarts_one_by_one(
    secured: SecureBroker, cluster: Cluster, tmp_path: Path
) -> None:
    """First all trust both, then certificates change, then the old authority is left out."""
    flow, old, new = Flow(cluster), secured.authority, authority("Another test authority")
    trusted, own = tmp_path / "authorities.pem", tmp_path / "ledger.pem"
    trusted.write_bytes(old.pem)
    own.write_bytes(signed_pem(old, "ledger"))
    values = {
        "BOOTSTRAP_SERVERS": f"{HOST}:{secured.tls_port}",
        "KAFKA_SECURITY_PROTOCOL": "SSL",
        "KAFKA_SSL_CAFILE": str(trusted),
        "KAFKA_SSL_CERTFILE": str(own),
    }
    login = {f"ECLUSE_{name}": value for name, value in values.items()} | QUICK
    with ExitStack() as stack:
        workers = [stack.enter_context(Worker(cluster, tmp_path, name, **login)) for name in "ab"]
        for each in workers:
            each.wait_for_states(running=1)
        flow.goes_on()
        trusted.write_bytes(old.pem + new.pem)
        restarted_one_by_one(workers, flow)
        try:
            # The broker reads what it trusts, and its own certificate, when it starts.
            secured.cafile.write_bytes(old.pem + new.pem)
            secured.renew(new)
            secured.restart()
            flow.goes_on()
            flow.until_journalled()
            own.write_bytes(signed_pem(new, "ledger"))
            trusted.write_bytes(new.pem)
            restarted_one_by_one(workers, flow)
            flow.check(secured)
        finally:
            secured.cafile.write_bytes(old.pem)
            secured.renew()
            secured.restart()


# ---------------------------------------------------------------- taken away
def refused_until_it_stops(process: Process, said: str) -> None:
    """It is refused so often, says in words by whom, and stops as at a start."""
    assert UNREACHABLE == process.ended(), process.text[-4000:]
    counted = [line["count"] for line in process.logged("refused")]
    assert REFUSALS_MAX == counted[-1]
    assert said in process.logged("refused")[-1]["error"]


@pytest.mark.timeout(240)
@pytest.mark.parametrize("role", ["ledger", "projector", "watch"])
def test_a_password_that_was_changed_stops_a_process_that_must_connect_again(
    role: str, secured: SecureBroker, cluster: Cluster, tmp_path: Path
) -> None:
    flow, password = Flow(cluster), tmp_path / "password"
    password.write_text(PASSWORD)
    own = {
        "ECLUSE_TOPIC_PREFIX": cluster.prefix,
        "ECLUSE_DATABASE_URL": f"sqlite:///{tmp_path / 'read.db'}",
        "ECLUSE_WATCH_DEADLINE_EVENTS": "false",
    }
    login = with_file(secured, role, password) | own
    with Process((ECLUSE, role), tmp_path, role, login) as process:
        process.until_ready()
        flow.goes_on()
        try:
            secured.set_password(role, NEW_PASSWORD)
            secured.restart()
            refused_until_it_stops(process, f"it refuses the login of {role} by SCRAM-SHA-512")
            assert f"{HOST}:{secured.sasl_port}" in process.text
            password.write_text(NEW_PASSWORD)
            process.start_again()
            process.until_ready()
        finally:
            secured.set_password(role, PASSWORD)
        if role == "ledger":
            flow.check(secured)


@pytest.mark.timeout(240)
def test_an_expired_certificate_of_the_broker_stops_a_worker_that_must_connect_again(
    secured: SecureBroker, cluster: Cluster, password: Path, tmp_path: Path
) -> None:
    login, flow = with_file(secured, "ledger", password), Flow(cluster)
    with Worker(cluster, tmp_path, **login) as worker:
        worker.wait_for_states(running=PARTITIONS)
        flow.goes_on()
        try:
            secured.renew(first_day=-9, days=3)
            secured.restart()
            refused_until_it_stops(worker, "its certificate has expired")
        finally:
            secured.renew()
            secured.restart()
        worker.start_again()
        flow.check(secured)


@pytest.mark.timeout(240)
def test_the_api_goes_on_and_says_in_its_answers_who_refuses_its_login(
    secured: SecureBroker, cluster: Cluster, sqlite_url: str, tmp_path: Path
) -> None:
    own = {
        "ECLUSE_TOPIC_PREFIX": cluster.prefix,
        "ECLUSE_DATABASE_URL": sqlite_url,
        "ECLUSE_AUTH": "off",
    }
    with api(tmp_path / "api.log", **(secured.environment("api") | own)) as running:

        def posted(name: str) -> httpx.Response:
            body = encoded(a_vote(_id=name))
            return httpx.post(f"{running.address}/events", content=body, headers=ONE, timeout=60)

        assert 202 == posted("before").status_code
        try:
            secured.set_password("api", NEW_PASSWORD)
            secured.restart()
            answers = [posted(f"refused/{number}") for number in range(2)]
            assert [503, 503] == [each.status_code for each in answers]
            assert "it refuses the login of api by SCRAM-SHA-512" in answers[-1].text
            assert 200 == httpx.get(f"{running.address}/healthz").status_code
        finally:
            secured.set_password("api", PASSWORD)
        assert 202 == posted("after").status_code
    events = [json.loads(each.value) for some in cluster.read(EVENTS).values() for each in some]
    assert ["before", "after"] == [each["id"] for each in events]


TAKEN: Final = {
    "ledger: to write the journal": ("ledger", JOURNAL, Operation.WRITE),
    "ledger: to read events": ("ledger", EVENTS, Operation.READ),
    "ledger: its transactional id": ("ledger", "ecluse.ledger-", Operation.WRITE),
    "ledger: its group": ("ledger", "ecluse.ledger", Operation.READ),
    "projector: to read the journal": ("projector", JOURNAL, Operation.READ),
    "watch: to read the journal": ("watch", JOURNAL, Operation.READ),
    "watch: its group": ("watch", "ecluse.watch", Operation.READ),
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
