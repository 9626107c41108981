"""TLS of clients: certificates checked at the start, and why a server's is not accepted."""

import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from events.texts import Day, Translatable, _
from services.runtime.ops.clock import wall_clock
from services.runtime.ops.errors import ClusterError

if TYPE_CHECKING:
    from cryptography import x509

NO_FILE = _("cannot read the file ({error})")
NO_CERTIFICATE = _("holds no certificate in PEM")
NOT_YET = _("the certificate is valid only from {day}: check the clock of this machine")
EXPIRED = _("the certificate expired on {day}: install a new one")
NO_PAIR = _("the certificate and the key do not fit, or the key needs a password ({error})")

UNKNOWN_AUTHORITY = _(
    "its certificate is of an authority that we do not trust ({error}): check {setting}"
)
SERVER_EXPIRED = _("its certificate has expired: its operator must renew it")
OTHER_NAME = _("its certificate is for another name ({error}): use the name in the certificate")
CERTIFICATE_REFUSED = _("it refuses our certificate ({error}): check {setting}")

FAULTS: Final = {10: SERVER_EXPIRED, 62: OTHER_NAME, 64: OTHER_NAME}
"""Texts by OpenSSL's code of a fault (X509_V_ERR_…); all others are of an unknown authority."""


class PemFile(NamedTuple):
    """A PEM file, with the name of its setting."""

    setting: str
    path: Path


def client_context(
    authorities: PemFile | None,
    certificate: PemFile | None = None,
    key: PemFile | None = None,
    password: str = "",
) -> ssl.SSLContext:
    """A context that checks the server's certificate and its host name.

    Args:
        authorities: who may sign that certificate; without it, the machine's own authorities.
        certificate: our own, for servers that ask for one.
        key: its key, where that is not in the same file.
        password: of the key.

    Raises:
        ClusterError: a file is missing, of no use, or not valid now.
    """
    if authorities is not None:
        _check_dates(authorities, every=True)
    context = ssl.create_default_context(cafile=authorities and authorities.path)
    if certificate is not None:
        _check_dates(certificate, every=False)
        try:
            # Without a password OpenSSL asks for it at the terminal.
            context.load_cert_chain(certificate.path, key and key.path, password=lambda: password)
        except OSError as error:  # An SSLError is one.
            setting = (key or certificate).setting
            raise ClusterError(setting, NO_PAIR.render({"error": error})) from error
    return context


def certificates_in(file: PemFile) -> "list[x509.Certificate]":
    """The certificates of a file; ClusterError where it cannot be read, or holds none."""
    from cryptography import x509  # noqa: PLC0415 # only connections with TLS need it

    try:
        return x509.load_pem_x509_certificates(file.path.read_bytes())
    except OSError as error:
        raise ClusterError(file.setting, NO_FILE.render({"error": error})) from error
    except ValueError as error:
        raise ClusterError(f"{file.setting} ({file.path})", NO_CERTIFICATE) from error


def _check_dates(file: PemFile, *, every: bool) -> None:
    """Stop where a file holds no certificate, or only ones that are not valid now.

    With `every` all must have expired: of several authorities one will do. Else the first counts.
    """
    found = certificates_in(file)
    today = datetime.fromtimestamp(wall_clock(), UTC)
    first, counted = found[0], found if every else found[:1]
    if all(each.not_valid_after_utc < today for each in counted):
        day = Day(first.not_valid_after_utc.date().isoformat())
        raise ClusterError(f"{file.setting} ({file.path})", EXPIRED.render({"day": day}))
    if all(each.not_valid_before_utc > today for each in counted):
        day = Day(first.not_valid_before_utc.date().isoformat())
        raise ClusterError(f"{file.setting} ({file.path})", NOT_YET.render({"day": day}))


def tls_refusal(error: BaseException, authorities: str, certificate: str) -> Translatable | None:
    """The reason why TLS failed; None where this error is none of certificates.

    `authorities` and `certificate` are the names of the settings to check.
    """
    match error:
        case ssl.SSLCertVerificationError(verify_code=code):
            what = FAULTS.get(code, UNKNOWN_AUTHORITY)
            return what.render({"error": error.verify_message, "setting": authorities})
        case ssl.SSLError(reason=str() as reason) if "ALERT" in reason:
            return CERTIFICATE_REFUSED.render({"error": reason, "setting": certificate})
        case _:
            return None
