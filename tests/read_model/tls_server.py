"""A PostgreSQL that lets nobody in without TLS: the machine's own, since the wheel's has none."""

import asyncio
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import asyncpg
import pytest

from services.dev.certificates import Authority, authority, sign_pem
from services.dev.local_broker import HOST, free_port
from tests.waiting import eventually

DEBIANS: Final = Path("/usr/lib/postgresql")
"""Where Debian's packages put it, a folder for each version."""

PASSWORD: Final = "correct horse battery staple"  # of servers that live for one test
BY_PASSWORD: Final = "by_password"
BY_CERTIFICATE: Final = "by_certificate"
"""Roles: one logs in by a password, one by a certificate of its own beside it."""

RULES: Final = f"""\
local all all trust
hostssl all {BY_CERTIFICATE} {HOST}/32 scram-sha-256 clientcert=verify-full
hostssl all all {HOST}/32 scram-sha-256
"""

SETTINGS: Final = """\
listen_addresses = '{host}'
port = {port}
unix_socket_directories = '{folder}'
ssl = on
ssl_cert_file = '{folder}/server.pem'
ssl_key_file = '{folder}/server.pem'
ssl_ca_file = '{folder}/authority.pem'
fsync = off
"""


class TlsServer:
    """A server with a certificate of an authority of its own."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self.authority: Authority = authority("Écluse test authority")
        self.port = free_port()
        self._folder = folder
        self.cafile = folder / "authority.pem"
        self.cafile.write_bytes(self.authority.pem)
        self.certified(HOST)
        # It refuses to run as root.
        self._user = "nobody" if os.getuid() == 0 else None
        self._own(folder)
        data = folder / "data"
        made: list[str | Path] = [
            programs / "initdb",
            "-D",
            data,
            "-U",
            "postgres",
            "--no-sync",
            "-A",
            "trust",
        ]
        subprocess.run(made, check=True, user=self._user, cwd=folder, stdout=subprocess.DEVNULL)
        settings = SETTINGS.format(host=HOST, port=self.port, folder=folder)
        with (data / "postgresql.conf").open("a") as file:
            file.write(settings)
        (data / "pg_hba.conf").write_text(RULES)
        self._process = subprocess.Popen(
            [programs / "postgres", "-D", data], user=self._user, cwd=folder
        )
        eventually(self._answers, "PostgreSQL does not start")
        for role in (BY_PASSWORD, BY_CERTIFICATE):
            self.run(f"CREATE ROLE {role} LOGIN SUPERUSER PASSWORD '{PASSWORD}'")

    def certified(self, *hosts: str, first_day: int = 0, days: int = 30) -> None:
        """Give it a certificate for these hosts; one that runs takes it by `reload`."""
        file = self._folder / "server.pem"
        file.write_bytes(
            sign_pem(self.authority, "database", hosts, first_day=first_day, days=days)
        )
        file.chmod(0o600)

    def reload(self, *statements: str) -> None:
        """Have it read its settings and certificate again."""
        for each in statements:
            self.run(each)
        self._own(self._folder / "server.pem")
        self.run("SELECT pg_reload_conf()")

    def run(self, statement: str) -> None:
        """One statement, by the superuser."""

        async def go() -> None:
            connection = await asyncpg.connect(
                user="postgres", host=str(self._folder), port=self.port, database="postgres"
            )
            try:
                await connection.execute(statement)
            finally:
                await connection.close()

        asyncio.run(go())

    def url(self, role: str = BY_PASSWORD, host: str = HOST, password: str = PASSWORD) -> str:
        """Its address, as an operator writes it."""
        return f"postgresql://{role}:{password.replace(' ', '%20')}@{host}:{self.port}/postgres"

    def stop(self) -> None:
        """For good."""
        self._process.terminate()
        self._process.wait(60)

    def _own(self, path: Path) -> None:
        if self._user is not None:
            for each in (path, *path.glob("*")):
                shutil.chown(each, self._user)

    def _answers(self) -> bool:
        try:
            self.run("SELECT 1")
        except (OSError, asyncpg.PostgresError):
            assert self._process.poll() is None, "PostgreSQL has ended"
            return False
        return True


@contextmanager
def a_tls_server() -> Iterator[TlsServer]:
    """A server until it is not needed any more; skips where the machine has none."""
    found = sorted(DEBIANS.glob("*/bin/postgres"))
    own = shutil.which("postgres")
    program = found[-1] if found else own and Path(own).resolve()
    if not program:
        pytest.skip("no PostgreSQL with TLS (Debian: postgresql)")
    with tempfile.TemporaryDirectory(prefix="ecluse-tls-", dir="/tmp") as folder:
        server = TlsServer(Path(folder), Path(program).parent)
        try:
            yield server
        finally:
            server.stop()
