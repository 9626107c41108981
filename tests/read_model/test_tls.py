"""TLS to a PostgreSQL that asks for it: who is let in, and what is said to the others."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import uvloop
from cryptography.hazmat.primitives import serialization
from sqlalchemy import make_url, text

from services.api.access.store import AccessStore
from services.api.adapters.clock_and_chance import wall_clock
from services.api.adapters.read_model import open_read_model
from services.api.problems import Problem
from services.api.settings import ApiSettings
from services.dev.certificates import authority, sign_pem
from services.projector.engine import make_engine
from services.projector.migrations import prepare_at
from services.projector.settings import DatabaseSettings
from services.runtime.ops.errors import Stop
from services.texts.translation import Sentence, both
from tests.integration.command import real_ecluse
from tests.kafka.examined import examined_with
from tests.read_model.tls_server import BY_CERTIFICATE, PASSWORD, TlsServer, a_tls_server
from tests.waiting import eventually_async

pytestmark = pytest.mark.rest

SSLROOTCERT: Final = "ECLUSE_DATABASE_SSLROOTCERT"
Start = Callable[[str], Coroutine[Any, Any, None]]
PATIENCE_S: Final = 120.0
"""For a server that is away, which none of these is."""

IS_TLS: Final = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"


@pytest.fixture(scope="module")
def _one_server() -> Iterator[TlsServer]:
    with a_tls_server() as server:
        yield server


@pytest.fixture
def server(_one_server: TlsServer) -> Iterator[TlsServer]:
    yield _one_server
    _one_server.certified("127.0.0.1")
    _one_server.reload("ALTER SYSTEM RESET ssl")


def with_members(url: str, **members: object) -> str:
    """The address with these members."""
    query = {name: str(value) for name, value in members.items()}
    return make_url(url).update_query_dict(query).render_as_string(hide_password=False)


def checked(server: TlsServer, url: str | None = None, **members: object) -> str:
    """An address as the documentation recommends it."""
    members = {"sslmode": "verify-full", "sslrootcert": server.cafile} | members
    return with_members(url or server.url(), **members)


def sockets() -> int:
    return sum(each.is_socket() for each in Path("/proc/self/fd").iterdir())


async def projector_starts(url: str) -> None:
    await prepare_at(url, PATIENCE_S)


async def api_starts(url: str) -> None:
    store = AccessStore(url, wall_clock)
    try:
        await store.prepare(PATIENCE_S)
    finally:
        await store.dispose()


def is_tls(url: str) -> set[bool]:
    """What the server says of a connection of the projector, and of one of the API."""

    async def go() -> set[bool]:
        found = set()
        for engine in (make_engine(url), open_read_model(url)):
            async with engine.connect() as connection:
                found.add(bool((await connection.execute(text(IS_TLS))).scalar_one()))
            await engine.dispose()
        return found

    return asyncio.run(go())


STARTS: Final = (projector_starts, api_starts)


def begin(start: Start, url: str) -> None:
    """As the processes run: on uvloop, which says some errors otherwise; a refusal is no outage."""

    async def go() -> None:
        before = sockets()

        async def are_closed() -> bool:
            return sockets() <= before

        try:
            await asyncio.wait_for(start(url), PATIENCE_S / 2)
        finally:  # One that was refused is closed by the loop, later.
            await eventually_async(are_closed, "a connection stays open", pause_s=0.01)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(go())


def stopped(url: str) -> set[Sentence]:
    """The sentences with which projector and API stop at their start."""
    said = set()
    for start in STARTS:
        with pytest.raises(Stop) as stop:
            begin(start, url)
        sentence = both(stop.value.text)
        assert PASSWORD not in sentence.en + sentence.fr
        assert sentence.en != sentence.fr
        assert "\n" not in sentence.en
        said.add(sentence)
    return said


def refused(url: str) -> Sentence:
    """The one sentence with which both stop."""
    (sentence,) = stopped(url)
    return sentence


@pytest.mark.parametrize("mode", ["require", "verify-ca", "verify-full"])
def test_connections_are_encrypted(server: TlsServer, mode: str) -> None:
    url = checked(server, sslmode=mode)
    for start in STARTS:
        begin(start, url)
    assert {True} == is_tls(url)


def test_the_settings_do_what_the_address_does(
    server: TlsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ECLUSE_DATABASE_URL", server.url())
    monkeypatch.setenv("ECLUSE_ACCESS_URL", server.url())
    monkeypatch.setenv("ECLUSE_DATABASE_SSLMODE", "verify-full")
    monkeypatch.setenv("ECLUSE_DATABASE_SSLROOTCERT", str(server.cafile))
    settings = ApiSettings()
    assert DatabaseSettings().url == settings.url == settings.access
    assert {True} == is_tls(settings.url)


def test_an_authority_that_is_unknown_is_refused(server: TlsServer, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    other.write_bytes(authority("Another").pem)
    said = refused(checked(server, sslrootcert=other))
    assert "its certificate is of an authority that we do not trust" in said.en
    assert "check ECLUSE_DATABASE_SSLROOTCERT" in said.en


def test_the_machines_own_authorities_do_not_know_it(server: TlsServer) -> None:
    said = refused(with_members(server.url(), sslmode="verify-full"))
    assert "its certificate is of an authority that we do not trust" in said.en


def test_another_host_name_is_refused_but_by_verify_ca(server: TlsServer) -> None:
    url = server.url(host="localhost")
    assert "its certificate is for another name" in refused(checked(server, url)).en
    assert {True} == is_tls(checked(server, url, sslmode="verify-ca"))


def test_an_expired_certificate_is_refused(server: TlsServer) -> None:
    server.certified("127.0.0.1", first_day=-10, days=5)
    server.reload()
    assert "its certificate has expired" in refused(checked(server)).en


def test_a_connection_without_tls_is_refused_by_the_server(server: TlsServer) -> None:
    said = refused(with_members(server.url(), sslmode="disable"))
    assert "it does not let this role in from here" in said.en
    assert "set ECLUSE_DATABASE_SSLMODE=verify-full" in said.en


def test_a_server_without_tls_is_refused_by_us(server: TlsServer) -> None:
    server.reload("ALTER SYSTEM SET ssl = off")
    said = refused(checked(server))
    assert "there is no TLS" in said.en
    assert "ECLUSE_DATABASE_SSLMODE" in said.en


def test_a_wrong_password_is_refused(server: TlsServer) -> None:
    said = refused(checked(server, server.url(password="wrong")))
    assert "it refuses the login (password authentication failed for user" in said.en
    assert "wrong" not in said.en


def test_a_changed_password_is_taken_by_the_next_connection(server: TlsServer) -> None:
    server.run(f"CREATE ROLE changing LOGIN SUPERUSER PASSWORD '{PASSWORD}'")
    now = [checked(server, server.url("changing"))]

    async def go() -> None:
        store = AccessStore(now[0], wall_clock)
        store.use_current_password(lambda: now[0])
        try:
            await store.prepare()
            await asyncio.to_thread(server.run, "ALTER ROLE changing PASSWORD 'of today'")
            await store.keys()  # The connection that is open goes on.
            await store.dispose()
            with pytest.raises(Problem, match="database_unreachable"):
                await store.keys()
            now[0] = server.url("changing", password="of today")
            assert [] == await store.keys()
        finally:
            await store.dispose()

    asyncio.run(go())


def test_a_file_that_is_missing_is_named(server: TlsServer) -> None:
    said = refused(checked(server, sslrootcert="/nowhere/authority.pem"))
    assert "ECLUSE_DATABASE_SSLROOTCERT: cannot read the file" in said.en


def in_two_files(pem: bytes, folder: Path, password: str) -> dict[str, Path]:
    """The certificate, and its key under a password."""
    key = serialization.load_pem_private_key(pem, None)
    files = {"sslcert": folder / "own.pem", "sslkey": folder / "own.key"}
    files["sslcert"].write_bytes(pem[pem.index(b"-----BEGIN CERTIFICATE") :])
    files["sslkey"].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(password.encode()),
        )
    )
    return files


def test_a_role_shows_a_certificate_of_its_own(server: TlsServer, tmp_path: Path) -> None:
    url = server.url(BY_CERTIFICATE)
    pem = sign_pem(server.authority, BY_CERTIFICATE)
    own: dict[str, object] = {**in_two_files(pem, tmp_path, "of the key")}
    assert {True} == is_tls(checked(server, url, **own, sslpassword="of the key"))
    said = refused(checked(server, url, **own, sslpassword="another"))
    assert "ECLUSE_DATABASE_SSLKEY: the certificate and the key do not fit" in said.en
    assert "it does not let this role in from here" in refused(checked(server, url)).en


def test_a_certificate_of_another_authority_is_refused(server: TlsServer, tmp_path: Path) -> None:
    foreign = tmp_path / "foreign.pem"
    foreign.write_bytes(sign_pem(authority("Another"), BY_CERTIFICATE))
    for said in stopped(checked(server, server.url(BY_CERTIFICATE), sslcert=foreign)):
        assert "check ECLUSE_DATABASE_SSLCERT" in said.en


def test_the_command_stops_with_one_sentence_in_french(server: TlsServer, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    other.write_bytes(authority("Another").pem)
    settings = {
        "ECLUSE_DATABASE_URL": server.url(),
        "ECLUSE_DATABASE_SSLMODE": "verify-full",
        SSLROOTCERT: str(other),
    }
    said = real_ecluse("--lang", "fr", "api-keys", "list", given=b"", **settings)
    assert 3 == said.code
    assert "une autorité à laquelle nous ne faisons pas confiance" in said.err
    assert "vérifiez ECLUSE_DATABASE_SSLROOTCERT" in said.err
    assert 1 == len(said.err.strip().splitlines()), said.err
    assert PASSWORD not in said.err
    settings[SSLROOTCERT] = str(server.cafile)
    known = real_ecluse("api-keys", "list", given=b"", **settings)
    assert 0 == known.code, known.err


def test_an_examination_names_the_certificate_that_expires_soon(server: TlsServer) -> None:
    """The server shows it, and the authority that signed it, which lasts."""
    server.certified("127.0.0.1", days=10)
    server.reload()
    env = {
        "ECLUSE_BOOTSTRAP_SERVERS": "127.0.0.1:9",
        "ECLUSE_DATABASE_URL": server.url(),
        "ECLUSE_DATABASE_SSLMODE": "verify-full",
        "ECLUSE_DATABASE_SSLROOTCERT": str(server.cafile),
    }
    found = examined_with(env, "--before-start", "--role", "projector")
    named = [each for each in found.checks if each["part"] == "certificates"]
    texts = [(each["state"], each["message"]["en"].split(" on ")[0]) for each in named]
    assert ("trouble", "CN=database expires") in texts
    assert ["ok", "ok"] == [state for state, _text in texts if state != "trouble"]
    assert PASSWORD not in str(found)
