"""Logins that are taken away while services run: said in words, within bounds.

Nothing is lost by it, and nothing is there twice.
"""

import json
from collections.abc import Iterator
from itertools import islice
from typing import Final

import httpx
import pytest

from events.topics import EVENTS
from services.dev.local_broker import HOST
from services.runtime.kafka.publishing import Message, Receipts, publish
from services.runtime.kafka.refusals import REFUSALS_MAX
from services.runtime.ops.errors import ClusterError
from tests.api.processes import api
from tests.builders import a_vote, encoded
from tests.kafka import secured_flow
from tests.kafka.cluster import budgets_on
from tests.kafka.commands import UNREACHABLE
from tests.kafka.forked import ECLUSE
from tests.kafka.processes import Process
from tests.kafka.secure_broker import SecureBroker
from tests.kafka.secured_flow import NEW_PASSWORD, PARTITIONS, QUICK, Flow, with_file
from tests.kafka.stack import Stack
from tests.leaks import PASSWORD
from tests.waiting import run

stack = secured_flow.stack

ONE: Final = {"Content-Type": "application/cloudevents+json", "Accept-Language": "en"}


def refused_until_it_stops(process: Process, said: str) -> None:
    """It is refused so often, says in words by whom, and stops as at a start.

    The worker and each partition count their own: the last line may be of one that had time left.
    """
    assert UNREACHABLE == process.ended(), process.text[-4000:]
    refused = process.logged("refused")
    assert REFUSALS_MAX == max(line["count"] for line in refused)
    assert all(said in line["error"] for line in refused)


@pytest.mark.timeout(240)
@pytest.mark.parametrize("role", ["ledger", "watch"])
def test_a_password_that_was_changed_stops_a_process_that_must_connect_again(
    role: str, secured: SecureBroker, stack: Stack
) -> None:
    flow, password = Flow(stack), stack.folder / "password"
    password.write_text(PASSWORD)
    own = {
        "ECLUSE_TOPIC_PREFIX": stack.prefix,
        "ECLUSE_DATABASE_URL": f"sqlite:///{stack.folder / 'read.db'}",
        "ECLUSE_WATCH_DEADLINE_EVENTS": "false",
    }
    login = with_file(secured, role, password) | own
    with Process((ECLUSE, role), stack.folder, role, login) as process:
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
    secured: SecureBroker, stack: Stack
) -> None:
    flow = Flow(stack)
    with stack.ledger(**(secured.environment("ledger") | QUICK)) as worker:
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
    secured: SecureBroker, stack: Stack, sqlite_url: str
) -> None:
    own = {
        "ECLUSE_TOPIC_PREFIX": stack.prefix,
        "ECLUSE_DATABASE_URL": sqlite_url,
        "ECLUSE_AUTH": "off",
    }
    with api(stack.folder / "api.log", **(secured.environment("api") | own)) as running:

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
            assert 200 == httpx.get(f"{running.address}/healthz", timeout=60).status_code
        finally:
            secured.set_password("api", PASSWORD)
        assert 202 == posted("after").status_code
    events = [json.loads(each.value) for some in stack.read(EVENTS).values() for each in some]
    assert ["before", "after"] == [each["id"] for each in events]


@pytest.mark.timeout(240)
def test_whoever_publishes_learns_in_the_middle_who_refuses_the_login(
    secured: SecureBroker, stack: Stack
) -> None:
    settings = secured.settings("publisher", topic_prefix=stack.prefix)
    receipts, votes = Receipts(), [a_vote(budget=name) for name in islice(budgets_on(0, 2), 4_000)]

    def messages() -> Iterator[Message]:
        for number, vote in enumerate(votes):
            if number == len(votes) // 2:
                secured.set_password("publisher", NEW_PASSWORD)
                secured.restart()
            yield Message(vote["partitionkey"].encode(), encoded(vote))

    try:
        with pytest.raises(ClusterError, match="it refuses the login of publisher"):
            run(publish(settings, EVENTS, messages(), receipts), timeout_s=120)
    finally:
        secured.set_password("publisher", PASSWORD)
    written = sum(map(len, stack.read(EVENTS).values()))
    assert receipts.count <= written <= len(votes), "no more is acknowledged than is there"
