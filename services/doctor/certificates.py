"""The certificates of files, and those that brokers and databases show in a handshake."""

import asyncio
import socket
import ssl
from _ssl import ENCODING_DER
from collections.abc import Awaitable, Iterable
from datetime import UTC, datetime
from typing import Any, Final

from aiokafka.conn import collect_hosts
from cryptography import x509

from services.doctor import judge
from services.doctor.judge import Finding, Part
from services.doctor.scope import Scope, run_check
from services.runtime.kafka.security import security_arguments
from services.runtime.kafka.topics import connect
from services.runtime.ops.clock import Clock
from services.runtime.ops.errors import ClusterError
from services.runtime.ops.tls import PemFile, certificates_in, tls_refusal

HANDSHAKE_S: Final = 5.0
"""The time limit of one handshake."""


async def examine_files(
    authorities: Iterable[PemFile], certificates: Iterable[PemFile], clock: Clock
) -> list[Finding]:
    """Examine the files of those that we trust, and of our own certificates."""
    found: list[Finding] = []
    for file in authorities:
        found += await _run(_judge_authorities(file, clock))
    for file in certificates:
        found += await _run(_judge_our_certificate(file, clock))
    return found


async def _run(check: Awaitable[list[Finding]]) -> list[Finding]:
    return await run_check(Part.CERTIFICATES, "certificate", check)


async def _judge_authorities(file: PemFile, clock: Clock) -> list[Finding]:
    """The first to expire of the authorities that we trust: it may be the one that we need."""
    first = min(certificates_in(file), key=lambda each: each.not_valid_after_utc)
    return [_judge(str(file.path), first, clock)]


async def _judge_our_certificate(file: PemFile, clock: Clock) -> list[Finding]:
    """Our own certificate: the first of its file."""
    return [_judge(str(file.path), certificates_in(file)[0], clock)]


async def examine_brokers(scope: Scope) -> list[Finding]:
    """Examine what brokers show: each its certificate, and those that signed it.

    Their addresses are those of the settings, and those that the cluster names.

    Raises:
        OSError: one does not answer.
        ClusterError: one refuses us, or is not trusted.
    """
    named = collect_hosts(scope.settings.bootstrap_servers)
    async with connect(scope.settings) as cluster:
        addresses = {*(f"{host}:{port}" for host, port, _ in named), *cluster.brokers.values()}
    context: ssl.SSLContext = security_arguments(scope.settings)["ssl_context"]
    found = []
    for address in sorted(addresses):
        found += await asyncio.to_thread(_shake_hands, address, context, scope.clock)
    return found


def _shake_hands(address: str, context: ssl.SSLContext, clock: Clock) -> list[Finding]:
    """Examine what one address shows; a thread waits for it.

    Raises:
        OSError, ClusterError: as above.
    """
    host, _colon, port = address.rpartition(":")
    try:
        with (
            socket.create_connection((host, int(port)), HANDSHAKE_S) as plain,
            context.wrap_socket(plain, server_hostname=host) as connection,
        ):
            return judge_shown(address, connection, clock)
    except ssl.SSLError as error:
        what = tls_refusal(error, "ECLUSE_KAFKA_SSL_CAFILE", "ECLUSE_KAFKA_SSL_CERTFILE")
        if what is None:
            raise
        raise ClusterError(address, what) from error


def judge_shown(where: str, connection: Any, clock: Clock) -> list[Finding]:
    """Judge the certificates that a server showed on this connection by TLS."""
    # Public from Python 3.13 on; before, the chain is known to the C object alone.
    of_c = connection._sslobj  # noqa: SLF001
    chain = [each.public_bytes(ENCODING_DER) for each in of_c.get_unverified_chain() or ()]
    return [_judge(where, x509.load_der_x509_certificate(each), clock) for each in chain]


def _judge(where: str, certificate: x509.Certificate, clock: Clock) -> Finding:
    now = datetime.fromtimestamp(clock(), UTC)
    return judge.certificate(
        where, certificate.subject.rfc4514_string(), certificate.not_valid_after_utc, now
    )
