"""The certificates of files, and those that brokers and databases show in a handshake."""

import asyncio
import socket
import ssl
from _ssl import ENCODING_DER
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

from cryptography import x509

from services.doctor import judge
from services.doctor.checks import Check
from services.runtime.kafka.security import security_arguments
from services.runtime.ops.clock import Clock
from services.runtime.ops.errors import ClusterError
from services.runtime.ops.settings import Settings
from services.runtime.ops.tls import PemFile, certificates_in, tls_refusal

HANDSHAKE_S: Final = 5.0
"""The time limit of one handshake."""


async def of_authorities(file: PemFile, clock: Clock) -> list[Check]:
    """The first to expire of the authorities that we trust: it may be the one that we need."""
    first = min(certificates_in(file), key=lambda each: each.not_valid_after_utc)
    return [_judged(str(file.path), first, clock)]


async def of_ours(file: PemFile, clock: Clock) -> list[Check]:
    """Our own certificate: the first of its file."""
    return [_judged(str(file.path), certificates_in(file)[0], clock)]


async def of_brokers(settings: Settings, addresses: Iterable[str], clock: Clock) -> list[Check]:
    """What each of these addresses shows: its certificate, and those that signed it.

    Raises:
        OSError: one does not answer.
        ClusterError: one refuses us, or is not trusted.
    """
    context: ssl.SSLContext = security_arguments(settings)["ssl_context"]
    found = []
    for address in addresses:
        found += await asyncio.to_thread(_shaken, address, context, clock)
    return found


def _shaken(address: str, context: ssl.SSLContext, clock: Clock) -> list[Check]:
    """The same of one address; it waits, and runs in a thread.

    Raises:
        OSError, ClusterError: as above.
    """
    host, _colon, port = address.rpartition(":")
    try:
        with (
            socket.create_connection((host, int(port)), HANDSHAKE_S) as plain,
            context.wrap_socket(plain, server_hostname=host) as connection,
        ):
            return shown(address, connection, clock)
    except ssl.SSLError as error:
        what = tls_refusal(error, "ECLUSE_KAFKA_SSL_CAFILE", "ECLUSE_KAFKA_SSL_CERTFILE")
        if what is None:
            raise
        raise ClusterError(address, what) from error


def shown(where: str, connection: Any, clock: Clock) -> list[Check]:
    """The certificates that a server showed on this connection by TLS."""
    # Public from Python 3.13 on; before, the chain is known to the C object alone.
    of_c = connection._sslobj  # noqa: SLF001
    chain = [each.public_bytes(ENCODING_DER) for each in of_c.get_unverified_chain() or ()]
    return [_judged(where, x509.load_der_x509_certificate(each), clock) for each in chain]


def _judged(where: str, found: x509.Certificate, clock: Clock) -> Check:
    now = datetime.fromtimestamp(clock(), UTC)
    return judge.certificate(where, found.subject.rfc4514_string(), found.not_valid_after_utc, now)
