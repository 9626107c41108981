"""Passwords and certificates that change in order: nothing stops, all is there, and once."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from services.dev.certificates import authority, sign_pem
from services.dev.local_broker import HOST
from services.runtime.kafka.acls import apply
from tests.integration.command import real_ecluse
from tests.kafka import secured_flow
from tests.kafka.commands import UNREACHABLE
from tests.kafka.processes import Worker
from tests.kafka.secure_broker import SecureBroker
from tests.kafka.secured_flow import CERTIFIED, NEW_PASSWORD, QUICK, Flow, rights, with_file
from tests.kafka.stack import Stack
from tests.leaks import PASSWORD
from tests.waiting import run

stack = secured_flow.stack


@pytest.fixture
def password(tmp_path: Path, secured: SecureBroker) -> Iterator[Path]:
    """The file with the password of the principal `ledger`."""
    file = tmp_path / "password"
    file.write_text(PASSWORD)
    yield file
    secured.set_password("ledger", PASSWORD)


def restarted_one_by_one(workers: list[Worker], flow: Flow) -> None:
    for each in workers:
        assert 0 == each.stop()
        each.start_again()
        flow.goes_on()
        each.wait_for_states(running=1)
    flow.until_journalled()


@pytest.mark.timeout(240)
def test_a_new_password_is_taken_by_restarts_one_by_one(
    secured: SecureBroker, stack: Stack, password: Path
) -> None:
    login, flow = with_file(secured, "ledger", password), Flow(stack)
    with ExitStack() as running:
        workers = [running.enter_context(stack.ledger(name, **login)) for name in "ab"]
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
    old = secured.environment("ledger") | {"ECLUSE_TOPIC_PREFIX": stack.prefix}
    refused = real_ecluse("topics", "diff", given=b"", **old)
    assert UNREACHABLE == refused.code
    assert "it refuses the login of ledger" in refused.err


@pytest.mark.timeout(300)
def test_new_certificates_of_a_new_authority_are_taken_by_restarts_one_by_one(
    secured: SecureBroker, stack: Stack
) -> None:
    """First all trust both, then certificates change, then the old authority is left out."""
    run(apply(rights(stack, CERTIFIED), stack.settings))
    flow, old, new = Flow(stack), secured.authority, authority("Another test authority")
    trusted, own = stack.folder / "authorities.pem", stack.folder / "ledger.pem"
    trusted.write_bytes(old.pem)
    own.write_bytes(sign_pem(old, "ledger"))
    values = {
        "BOOTSTRAP_SERVERS": f"{HOST}:{secured.tls_port}",
        "KAFKA_SECURITY_PROTOCOL": "SSL",
        "KAFKA_SSL_CAFILE": str(trusted),
        "KAFKA_SSL_CERTFILE": str(own),
    }
    login = {f"ECLUSE_{name}": value for name, value in values.items()} | QUICK
    with ExitStack() as running:
        workers = [running.enter_context(stack.ledger(name, **login)) for name in "ab"]
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
            own.write_bytes(sign_pem(new, "ledger"))
            trusted.write_bytes(new.pem)
            restarted_one_by_one(workers, flow)
            flow.check(secured)
        finally:
            secured.cafile.write_bytes(old.pem)
            secured.renew()
            secured.restart()
