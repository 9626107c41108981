"""However an operator writes where the database is, projector and API reach the same."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from structlog.testing import capture_logs

from services.api.adapters.read_model import open_read_model
from services.projector.engine import engine_address, make_engine
from services.projector.settings import DatabaseSettings
from services.runtime.ops.errors import Stop
from services.texts.translation import both

DATABASE = "postgresql://ecluse@db/ecluse"


@pytest.fixture(autouse=True, scope="module")
def no_logs() -> None:
    """Log lines are written here, and read."""


@pytest.mark.parametrize(
    ("written", "reached"),
    [
        ("postgresql://ecluse@db/ecluse", "postgresql+asyncpg://ecluse@db/ecluse"),
        ("postgres://ecluse@db/ecluse", "postgresql+asyncpg://ecluse@db/ecluse"),
        ("postgresql+asyncpg://db/ecluse", "postgresql+asyncpg://db/ecluse"),
        ("postgresql://db/ecluse?sslmode=require", "postgresql+asyncpg://db/ecluse"),
        ("postgresql://db/ecluse?ssl=prefer", "postgresql+asyncpg://db/ecluse"),
        ("postgresql://db/ecluse?sslmode=verify-full", "postgresql+asyncpg://db/ecluse"),
        ("sqlite:///ecluse.db", "sqlite+aiosqlite:///ecluse.db"),
    ],
)
def test_an_address_is_taken_as_most_people_write_it(written: str, reached: str) -> None:
    assert [reached, reached] == [
        str(opened(written).url) for opened in (make_engine, open_read_model)
    ]


def test_settings_stand_in_the_address_that_has_none_of_its_own() -> None:
    settings = DatabaseSettings(
        database_sslmode="verify-full",
        database_sslrootcert=Path("/etc/ca.pem"),
        database_sslpassword="of the key",  # type: ignore[arg-type] # as the environment has it
    )
    assert f"{DATABASE}?sslmode=require&sslpassword=of+the+key&sslrootcert=%2Fetc%2Fca.pem" == (
        settings.with_tls(f"{DATABASE}?sslmode=require")
    )
    assert "of the key" not in repr(settings)


def test_a_mode_that_asyncpg_has_another_name_for_is_not_replaced() -> None:
    settings = DatabaseSettings(database_sslmode="prefer")
    assert f"{DATABASE}?ssl=verify-full" == settings.with_tls(f"{DATABASE}?ssl=verify-full")


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("postgresql://u:s3cret@db.example.org/e", "db.example.org"),
        ("postgresql://u:s3cret@10.1.2.3/e", "10.1.2.3"),
        ("postgresql://u:s3cret@/e?host=db.example.org", "db.example.org"),
        ("postgresql://u:s3cret@db.example.org/e?sslmode=require", None),
        ("postgresql://u:s3cret@db.example.org/e?ssl=disable", None),
        ("postgresql://u:s3cret@postgresql/e", None),
        ("postgresql://u:s3cret@localhost/e", None),
        ("postgresql://u:s3cret@127.0.0.1/e", None),
        ("postgresql://u:s3cret@[::1]/e", None),
        ("postgresql://u@/e?host=/run/postgresql.d", None),
        ("postgresql:///e", None),
    ],
)
def test_a_server_elsewhere_that_need_not_speak_tls_is_warned_of(
    address: str, host: str | None
) -> None:
    for opened in (make_engine, open_read_model):
        with capture_logs() as logs:
            opened(address)
        assert ([host] if host else []) == [each["host"] for each in logs]
        assert "s3cret" not in str(logs)
        assert all("ECLUSE_DATABASE_SSLMODE=verify-full" == each["set"] for each in logs)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("year.db", "year.db"),
        ("/srv/ecluse", "/srv/ecluse"),
        ("sqlite:year.db", "sqlite:year.db"),
        ("sqlite://year.db", "sqlite://year.db"),
        ("foo://x", "foo://x"),
        ("mysql://u:s3cret@h/x", "mysql://***@h/x"),
        ("postgresql+psycopg2://u:s3cret@h/x", "postgresql+psycopg2://***@h/x"),
        ("sqlite+pysqlite:///year.db", "sqlite+pysqlite:///year.db"),
        ("postgresql://h:notaport/x", "postgresql://h:notaport/x"),
        ("postgresql://u:s3@cret@h:99999/x?sslpassword=s3cret", "postgresql://***@h:99999/x"),
        ("postgresql://u:s3cret@h/x?port=abc", "postgresql://***@h/x"),
        ("postgresql:///x?host=a,b,c&port=1,2", "postgresql:///x"),
        ("u:s3cret@h/x", "***@h/x"),
    ],
)
def test_what_is_no_address_is_named_without_its_password(written: str, shown: str) -> None:
    for opened in (make_engine, open_read_model, DatabaseSettings().with_tls):
        with pytest.raises(Stop) as stop:
            opened(written)
        said = both(stop.value.text)
        assert said.en.startswith(f"{shown}: this cannot be read as the address of a database")
        assert "sqlite:///FICHIER" in said.fr
        assert "s3" not in said.en


def test_settings_leave_other_addresses_as_they_are() -> None:
    assert DATABASE == DatabaseSettings().with_tls(DATABASE)
    file = "sqlite:///read.db"
    assert file == DatabaseSettings(database_sslmode="verify-full").with_tls(file)


def test_a_mode_that_there_is_not_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECLUSE_DATABASE_SSLMODE", "verify")
    with pytest.raises(ValidationError, match="database_sslmode"):
        DatabaseSettings()


def test_the_address_of_messages_holds_no_password(tmp_path: Path) -> None:
    url = "postgresql://ecluse:s3cret@db/ecluse?sslmode=require"
    assert "postgresql+asyncpg://ecluse:***@db/ecluse" == engine_address(make_engine(url))
    with pytest.raises(Stop) as stop:
        make_engine(f"{url}&sslcert={tmp_path}/none.pem&sslpassword=hidden")
    said = both(stop.value.text)
    assert "ECLUSE_DATABASE_SSLCERT: cannot read the file" in said.en
    assert not {"s3cret", "hidden"} & {*said.en.split(), *said.fr.split()}


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"sslmode": "verify"}, "SSLMODE: “verify” is no mode of TLS: choose verify-full, or one"),
        ({"sslrootcert": "/ca.pem"}, "sslmode=prefer makes no use of sslrootcert:"),
        (
            {"sslmode": "disable", "sslcert": "/a.pem", "sslkey": "/b.pem"},
            "sslmode=disable makes no use of sslcert, sslkey:",
        ),
        ({"sslmode": "verify-full", "sslkey": "/b.pem"}, "sslkey and sslpassword need sslcert"),
        (
            {"sslmode": "verify-full", "sslrootcert": "/nowhere"},
            "ECLUSE_DATABASE_SSLROOTCERT: cannot read the file",
        ),
        ({"sslmode": "verify-full", "sslrootcert": __file__}, "holds no certificate in PEM"),
    ],
)
def test_a_tls_that_cannot_be_stops_the_start(members: dict[str, Any], said: str) -> None:
    url = f"{DATABASE}?{'&'.join(f'{name}={value}' for name, value in members.items())}"
    for opened in (make_engine, open_read_model):
        with pytest.raises(Stop) as stop:
            opened(url)
        assert said in both(stop.value.text).en
        assert both(stop.value.text).fr != both(stop.value.text).en
