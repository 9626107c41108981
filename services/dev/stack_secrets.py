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

from services.dev.certificates import authority, signed_pem
from services.runtime.kafka.acls import read_rights

PASSWORD_BYTES: Final = 24
READABLE: Final = 0o444

BROKER_HOSTS: Final = ("kafka", "localhost", "127.0.0.1")
"""The names by which the broker is reached: from containers, in its own, and from this machine."""


def make(root: Path) -> None:
    """Write what is missing in the folders that are mounted there."""
    if (folder := root / "postgresql").is_dir():
        password = _kept(folder / "password", _password)
        _kept(folder / "url", lambda: f"postgresql://ecluse:{password}@postgresql/ecluse")
    if (folder := root / "grafana").is_dir():
        _kept(folder / "password", _password)
    if (folder := root / "kafka").is_dir():
        _make_kafka(folder, root)


def _make_kafka(folder: Path, root: Path) -> None:
    """The broker's certificate, and of each principal the password and the authority to trust.

    The authority's key is written nowhere: nobody can sign another certificate with it.
    """
    if not (folder / "broker.pem").exists():
        ours = authority("Écluse stack")
        _write(folder / "authority.pem", ours.pem.decode())
        _write(folder / "broker.pem", signed_pem(ours, "kafka", BROKER_HOSTS).decode())
    trusted = (folder / "authority.pem").read_text(encoding="utf-8")
    users = []
    for principal in read_rights().principals:
        if (own := root / principal).is_dir():
            password = _kept(own / "password", _password)
            _write(own / "authority.pem", trusted)
            users.append(f"SCRAM-SHA-512=[name={principal},password={password}]\n")
    _write(folder / "users", "".join(users))


def _password() -> str:
    return secrets.token_urlsafe(PASSWORD_BYTES)


def _kept(file: Path, make_text: Callable[[], str]) -> str:
    if not file.exists():
        _write(file, make_text())
    return file.read_text(encoding="utf-8")


def _write(file: Path, text: str) -> None:
    """Write it whole or not at all: a start may be interrupted."""
    new = file.with_name(f"{file.name}.new")
    new.unlink(missing_ok=True)  # Of an interrupted start; it may not be written to.
    new.write_text(text, encoding="utf-8")
    new.chmod(READABLE)
    new.replace(file)


if __name__ == "__main__":
    make(Path(sys.argv[1]))
