"""Passwords and certificates of the stack of docker-compose.yml, made at its first start.

    python -m services.dev.stack_secrets /secrets

Each folder there is a volume which only its readers mount, so that their user needs no right on it
but to read. What is there already is kept: PostgreSQL, Grafana and Kafka took it over once.
"""

import secrets  # noqa: TID251 # passwords of one machine; nothing is decided by them
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from services.dev.certificates import authority, sign_pem
from services.projector.database_rights import read_rights as database_rights
from services.runtime.kafka.acls import read_rights

PASSWORD_BYTES: Final = 24
READABLE: Final = 0o444
OF_GROUP: Final = 0o440
"""Mode of a private key that PostgreSQL takes: not for everybody; its user is in root's group."""

SERVERS: Final = {"kafka": ("broker.pem", READABLE), "postgresql": ("server.pem", OF_GROUP)}
"""The certificate of each server, by the name by which containers reach it."""

HOSTS: Final = ("localhost", "127.0.0.1")
"""Other names of each: in its own container, and from this machine."""

VERIFIED: Final = "?sslmode=verify-full&sslrootcert=/secrets/postgresql/authority.pem"


def make(root: Path) -> None:
    """Write what is missing in the folders that are mounted there."""
    if (folder := root / "kafka").is_dir():
        _make_certificates(folder, root)
        _make_kafka(folder, root)
    if (folder := root / "postgresql").is_dir():
        _make_postgresql(folder, root)
    if (folder := root / "grafana").is_dir():
        _keep(folder / "password", _password)


def _make_certificates(folder: Path, root: Path) -> None:
    """Make the certificates of both servers, signed by one authority.

    Its key is written nowhere: nobody can sign another certificate with it.
    """
    wanted = {
        root / name / file: (name, mode)
        for name, (file, mode) in SERVERS.items()
        if (root / name).is_dir()
    }
    if all(file.exists() for file in wanted):
        return
    ours = authority("Écluse stack")
    _write(folder / "authority.pem", ours.pem.decode())
    for file, (name, mode) in wanted.items():
        _write(file, sign_pem(ours, name, (name, *HOSTS)).decode(), mode)


def _make_postgresql(folder: Path, root: Path) -> None:
    """Make the superuser's password, and that of each role with the address that holds it.

    With Kafka's folder there is an authority, and the addresses ask for its certificate.
    """
    trusted = root / "kafka" / "authority.pem"
    roles = {"": (folder / "password", folder)}
    for role in database_rights().roles:
        roles[f"_{role}"] = (folder / role, root / f"database-{role}")
    for role, (file, own) in roles.items():
        password = _keep(file, _password)
        if own.is_dir():
            url = f"postgresql://ecluse{role}:{password}@postgresql/ecluse"
            if trusted.exists():
                url += VERIFIED
                _write(own / "authority.pem", trusted.read_text(encoding="utf-8"))
            _write(own / "url", url)


def _make_kafka(folder: Path, root: Path) -> None:
    """Make the password of each principal, and put beside it the authority to trust."""
    trusted = (folder / "authority.pem").read_text(encoding="utf-8")
    users = []
    for principal in read_rights().principals:
        if (own := root / principal).is_dir():
            password = _keep(own / "password", _password)
            _write(own / "authority.pem", trusted)
            users.append(f"SCRAM-SHA-512=[name={principal},password={password}]\n")
    _write(folder / "users", "".join(users))


def _password() -> str:
    return secrets.token_urlsafe(PASSWORD_BYTES)


def _keep(file: Path, make_text: Callable[[], str]) -> str:
    if not file.exists():
        _write(file, make_text())
    return file.read_text(encoding="utf-8")


def _write(file: Path, text: str, mode: int = READABLE) -> None:
    """Write it whole or not at all: a start may be interrupted."""
    new = file.with_name(f"{file.name}.new")
    new.unlink(missing_ok=True)  # Of an interrupted start; it may not be written to.
    new.write_text(text, encoding="utf-8")
    new.chmod(mode)
    new.replace(file)


if __name__ == "__main__":
    make(Path(sys.argv[1]))
