"""Commands that are given what is no address of a database name it, and the forms of one."""

import json

import pytest

from tests.integration.command import ecluse

FORMS = "postgresql://USER@HOST:PORT/DATABASE or sqlite:///FILE"


@pytest.mark.parametrize(
    "command",
    [
        ("open-data",),
        ("slips", "waiting"),
        ("entries",),
        ("reconcile",),
        ("findings", "list"),
        ("returns", "list"),
    ],
    ids=" ".join,
)
def test_a_file_is_no_address(command: tuple[str, ...]) -> None:
    result = ecluse(*command, "--db", "year.db")
    assert 3 == result.code
    assert "year.db: " in result.err
    assert FORMS in result.err


@pytest.mark.parametrize("address", ["foo://x", "sqlite://year.db", "postgresql://h:notaport/x"])
def test_balances_of_an_address_that_cannot_be_read(address: str) -> None:
    result = ecluse("balances", "--db", address)
    assert (3, True) == (result.code, f"{address}: " in result.err)
    assert FORMS in result.err


@pytest.mark.parametrize("address", ["year.db", "sqlite:year.db", "postgresql://u:s3cret@h:x/y"])
@pytest.mark.parametrize(
    "command",
    [("api",), ("projector",), ("slips", "waiting"), ("api-keys", "list"), ("webhooks", "list")],
    ids=" ".join,
)
def test_a_setting_that_cannot_be_read(command: tuple[str, ...], address: str) -> None:
    result = ecluse(*command, ECLUSE_DATABASE_URL=address, ECLUSE_AUTH="off")
    assert 3 == result.code
    assert FORMS in result.err
    assert "s3cret" not in result.err


def test_the_doctor_counts_it_as_a_setting_that_cannot_be_read() -> None:
    result = ecluse(
        *("doctor", "--role", "api", "--json"),
        ECLUSE_DATABASE_URL="year.db",
        ECLUSE_BOOTSTRAP_SERVERS="127.0.0.1:9",
    )
    settings = [each for each in json.loads(result.out)["checks"] if each["part"] == "settings"]
    assert 1 == result.code
    (wrong,) = settings  # Keys and audit are beside it: that is the same address.
    assert "trouble" == wrong["state"]
    assert FORMS in wrong["message"]["en"]
