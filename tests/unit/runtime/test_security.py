"""TLS and SASL of Kafka's clients: contradictions stop the start, and refusals are explained."""

import asyncio
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from aiokafka.errors import SaslAuthenticationFailed

from services.dev.certificates import Authority, authority, sign_pem
from services.runtime.kafka import security
from services.runtime.kafka.security import refusal, security_arguments
from services.runtime.ops.errors import ClusterError, Stop
from services.runtime.ops.settings import Settings
from services.texts.language import Language
from services.texts.translation import translate

SCRAM: dict[str, Any] = {
    "kafka_security_protocol": "SASL_SSL",
    "kafka_sasl_mechanism": "SCRAM-SHA-512",
    "kafka_sasl_username": "ledger",
    "kafka_sasl_password": "s3cret",
}
OAUTH: dict[str, Any] = {
    "kafka_security_protocol": "SASL_SSL",
    "kafka_sasl_mechanism": "OAUTHBEARER",
    "kafka_oauth_token_url": "https://login.example/token",
    "kafka_oauth_client_id": "ledger",
    "kafka_oauth_client_secret": "secret",
}


@pytest.fixture(scope="module")
def ours() -> Authority:
    return authority("ours")


@pytest.fixture
def cafile(ours: Authority, tmp_path: Path) -> Path:
    file = tmp_path / "authority.pem"
    file.write_bytes(ours.pem)
    return file


def stopped_by(**settings: Any) -> str:
    with pytest.raises(ClusterError) as stop:
        security_arguments(Settings(**settings))
    return str(stop.value)


def test_without_settings_connections_are_plain() -> None:
    assert {"security_protocol": "PLAINTEXT"} == security_arguments(Settings())


def test_a_login_by_password_over_tls() -> None:
    arguments = security_arguments(Settings(**SCRAM))
    assert isinstance(arguments.pop("ssl_context"), ssl.SSLContext)
    assert {
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "ledger",
        "sasl_plain_password": "s3cret",
    } == arguments


def test_the_password_is_in_no_print_of_the_settings() -> None:
    assert "s3cret" not in repr(Settings(**SCRAM))


def test_a_secret_stands_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "password").write_text("from the file\n")
    monkeypatch.setenv("ECLUSE_KAFKA_SASL_PASSWORD_FILE", str(tmp_path / "password"))
    password = Settings().kafka_sasl_password
    assert password is not None
    assert "from the file" == password.get_secret_value()


def test_a_secret_whose_file_is_missing_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECLUSE_KAFKA_SASL_PASSWORD_FILE", "/nowhere/password")
    with pytest.raises(Stop, match="ECLUSE_KAFKA_SASL_PASSWORD_FILE=/nowhere/password: No such"):
        Settings()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            {"kafka_sasl_username": "ledger", "kafka_sasl_password": "secret"},
            "PLAINTEXT makes no use of ECLUSE_KAFKA_SASL_USERNAME, ECLUSE_KAFKA_SASL_PASSWORD:",
        ),
        ({"kafka_ssl_cafile": "/ca.pem"}, "PLAINTEXT makes no use of ECLUSE_KAFKA_SSL_CAFILE:"),
        (
            {**SCRAM, "kafka_security_protocol": "SSL"},
            "SSL makes no use of ECLUSE_KAFKA_SASL_MECHANISM, ECLUSE_KAFKA_SASL_USERNAME,",
        ),
        (
            {**SCRAM, "kafka_security_protocol": "SASL_PLAINTEXT", "kafka_ssl_cafile": "/ca.pem"},
            "SASL_PLAINTEXT makes no use of ECLUSE_KAFKA_SSL_CAFILE:",
        ),
        ({"kafka_security_protocol": "SASL_SSL"}, "SASL_SSL needs ECLUSE_KAFKA_SASL_MECHANISM"),
        ({**SCRAM, "kafka_sasl_password": None}, "SASL_SSL needs ECLUSE_KAFKA_SASL_PASSWORD"),
        ({**SCRAM, "kafka_oauth_scope": "kafka"}, "makes no use of ECLUSE_KAFKA_OAUTH_SCOPE:"),
        ({**OAUTH, "kafka_oauth_client_secret": None}, "needs ECLUSE_KAFKA_OAUTH_CLIENT_SECRET"),
        ({**OAUTH, "kafka_sasl_username": "x"}, "makes no use of ECLUSE_KAFKA_SASL_USERNAME:"),
        ({**SCRAM, "kafka_ssl_keyfile": "/key.pem"}, "needs ECLUSE_KAFKA_SSL_CERTFILE"),
        ({**SCRAM, "kafka_ssl_cafile": "/nowhere"}, "ECLUSE_KAFKA_SSL_CAFILE: cannot read"),
        ({**SCRAM, "kafka_ssl_cafile": __file__}, "holds no certificate in PEM"),
    ],
)
def test_settings_that_contradict_each_other_stop_the_start(
    settings: Mapping[str, Any], said: str
) -> None:
    assert said in stopped_by(**settings)


@pytest.mark.parametrize(
    ("first_day", "days", "said"), [(-10, 5, "expired on 20"), (2, 5, "valid only from 20")]
)
def test_a_certificate_that_is_not_valid_now_stops_the_start(
    first_day: int, days: int, said: str, ours: Authority, tmp_path: Path
) -> None:
    file = tmp_path / "mine.pem"
    file.write_bytes(sign_pem(ours, "ledger", first_day=first_day, days=days))
    stop = stopped_by(kafka_security_protocol="SSL", kafka_ssl_certfile=file)
    assert said in stop
    assert f"ECLUSE_KAFKA_SSL_CERTFILE ({file})" in stop


@pytest.mark.parametrize("first_days", [(1, -1), (-1, 1)], ids=["new first", "new last"])
def test_one_authority_that_is_valid_will_do(
    first_days: tuple[int, ...], ours: Authority, tmp_path: Path
) -> None:
    file = authorities(tmp_path, ours, first_days)
    settings = Settings(kafka_security_protocol="SSL", kafka_ssl_cafile=file)
    assert security_arguments(settings)["ssl_context"].check_hostname


@pytest.mark.parametrize(
    ("first_days", "said"), [((1, 2), "valid only from 20"), ((-9, -8), "expired on 20")]
)
def test_authorities_none_of_which_is_valid_stop_the_start(
    first_days: tuple[int, ...], said: str, ours: Authority, tmp_path: Path
) -> None:
    file = authorities(tmp_path, ours, first_days)
    assert said in stopped_by(kafka_security_protocol="SSL", kafka_ssl_cafile=file)


def authorities(folder: Path, ours: Authority, first_days: tuple[int, ...]) -> Path:
    """A file of certificates that are valid for five days each."""
    file = folder / "authorities.pem"
    pems = (
        sign_pem(ours, "ca", first_day=each, days=5).removesuffix(ours.pem) for each in first_days
    )
    file.write_bytes(b"".join(pems))
    return file


def test_a_key_of_another_certificate_stops_the_start(ours: Authority, tmp_path: Path) -> None:
    mine, other = tmp_path / "mine.pem", tmp_path / "other.pem"
    mine.write_bytes(sign_pem(ours, "ledger"))
    other.write_bytes(sign_pem(ours, "watch"))
    assert "ECLUSE_KAFKA_SSL_KEYFILE: the certificate and the key do not fit" in stopped_by(
        kafka_security_protocol="SSL", kafka_ssl_certfile=mine, kafka_ssl_keyfile=other
    )


@pytest.fixture
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What stays closed is asked once more, and is a refusal then."""
    monkeypatch.setattr(security, "CLOSED_S", 0.0)
    monkeypatch.setattr(security, "CLOSED_PAUSE_S", 0.01)


def refused(pem: bytes | None, tmp_path: Path, **settings: Any) -> str:
    """The refusal of a server with this certificate; without one it speaks no TLS."""
    context = None
    if pem is not None:
        file = tmp_path / "server.pem"
        file.write_bytes(pem)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(file)

    def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async def go() -> str:
        server = await asyncio.start_server(hang_up, "127.0.0.1", 0, ssl=context)
        port = server.sockets[0].getsockname()[1]
        async with server:
            found = await refusal(Settings(bootstrap_servers=f"127.0.0.1:{port}", **settings))
        assert found is not None
        assert f"127.0.0.1:{port}" == found.broker
        assert translate(found.what, Language.FR) != translate(found.what, Language.EN)
        return translate(found.what, Language.EN)

    return asyncio.run(go())


@pytest.mark.parametrize(
    ("hosts", "first_day", "said"),
    [
        (["127.0.0.1"], -900, "its certificate has expired"),
        (["kafka.example"], 0, "its certificate is for another name"),
    ],
)
def test_a_broker_whose_certificate_is_wrong_is_named(
    hosts: list[str], first_day: int, said: str, ours: Authority, cafile: Path, tmp_path: Path
) -> None:
    pem = sign_pem(ours, "broker", hosts, first_day=first_day)
    assert said in refused(pem, tmp_path, kafka_security_protocol="SSL", kafka_ssl_cafile=cafile)


def test_a_broker_of_an_unknown_authority_is_named(cafile: Path, tmp_path: Path) -> None:
    pem = sign_pem(authority("theirs"), "broker", ["127.0.0.1"])
    assert "an authority that we do not trust" in refused(
        pem, tmp_path, kafka_security_protocol="SSL", kafka_ssl_cafile=cafile
    )


@pytest.mark.usefixtures("_at_once")
def test_a_port_without_tls_is_named(cafile: Path, tmp_path: Path) -> None:
    assert "it speaks no TLS" in refused(
        None, tmp_path, kafka_security_protocol="SSL", kafka_ssl_cafile=cafile
    )


@pytest.mark.usefixtures("_at_once")
def test_a_port_that_wants_tls_is_named(ours: Authority, tmp_path: Path) -> None:
    pem = sign_pem(ours, "broker", ["127.0.0.1"])
    assert "it closes a connection by PLAINTEXT" in refused(pem, tmp_path)


def test_a_broker_that_closes_connections_because_it_ends_refuses_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(security, "CLOSED_PAUSE_S", 0.01)
    closed = 0

    async def go() -> None:
        def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal closed
            closed += 1
            writer.close()
            if closed == 2:
                server.close()

        server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server:
            assert await refusal(Settings(bootstrap_servers=f"127.0.0.1:{port}")) is None

    asyncio.run(go())
    assert 2 == closed, "it is asked again while it only closes"


def tokens(body: bytes, asks: int) -> tuple[list[str], list[bytes]]:
    """The tokens of a provider that answers so, and the requests that it got."""
    requests: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        requests.append(head + await reader.readexactly(length))
        writer.write(body)
        writer.close()

    async def go() -> list[str]:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        more = {"kafka_oauth_token_url": f"http://127.0.0.1:{port}/token"}
        provider = security.TokenProvider(Settings(**(OAUTH | more)))
        async with server:
            return [await provider.token() for _ in range(asks)]

    return asyncio.run(go()), requests


@pytest.mark.parametrize(("expires_s", "requested"), [(3600, 1), (10, 2)])
def test_a_token_is_fetched_again_shortly_before_it_expires(expires_s: int, requested: int) -> None:
    text = f'{{"access_token": "abc", "expires_in": {expires_s}}}'
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(text)}\r\nConnection: close\r\n\r\n"
    found, requests = tokens((head + text).encode(), 2)
    assert ["abc", "abc"] == found
    assert requested == len(requests)
    assert requests[0].endswith(b"grant_type=client_credentials")
    assert b"authorization: basic" in requests[0].lower()


def test_a_provider_that_gives_no_token_is_named() -> None:
    with pytest.raises(security.NoTokenError, match=r"no token from http.*: HTTP 401"):
        tokens(b"HTTP/1.1 401 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", 1)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (SaslAuthenticationFailed(), "it refuses the login of ledger by SCRAM-SHA-512"),
        (OSError("away"), None),
    ],
)
def test_a_login_that_is_refused_is_named_and_a_broker_that_is_away_is_not(
    error: Exception, said: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_arguments: Any, **_more: Any) -> None:
        raise error

    monkeypatch.setattr(security, "create_conn", fails)
    found = asyncio.run(refusal(Settings(**SCRAM)))
    assert said == (found and translate(found.what, Language.EN).split(":")[0])
