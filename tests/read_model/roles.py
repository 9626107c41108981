"""A database with a role for each kind of process, as `ecluse database grants` makes them."""

import asyncio
from collections.abc import Iterable
from typing import Final

import asyncpg
from sqlalchemy import make_url

from services.api.access.caller import Entities, Scope
from services.api.access.store import AccessStore
from services.api.adapters.clock import wall_clock
from services.projector.migrations import prepare_at
from services.treasury.store.database import TreasuryStore
from tests.api.environment import LILLE
from tests.integration.command import CommandResult, ecluse
from tests.read_model.databases import Server
from tests.read_model.filling import fill, golden

RECORDS: Final = golden("lille-avenirs-2023")


class Roles:
    """A database with roles of its own."""

    def __init__(self, server: Server, url: str) -> None:
        self._server = server
        self.url = url
        self.database = make_url(url).database or ""
        self.form = f"{self.database}_NAME"

    def granted(self, *options: str) -> CommandResult:
        """What the command says."""
        args = ("--as", self.form, *options)
        return ecluse("database", "grants", *args, ECLUSE_DATABASE_URL=self.url)

    def name(self, role: str) -> str:
        """How the server calls a role."""
        return self.form.replace("NAME", role)

    def url_of(self, role: str) -> str:
        """The database, as this role."""
        return self.url.replace("postgres@", f"{self.name(role)}@")

    def run(self, statement: str) -> None:
        """One statement of the superuser."""
        self._server.run(statement, self.database)

    def allowed(self, role: str, statements: Iterable[str]) -> list[str]:
        """Those of these statements for which the role has the right; nothing is changed."""

        async def go() -> list[str]:
            connection = await asyncpg.connect(
                user=self.name(role), host=self._server.socket, database=self.database
            )
            found = []
            for each in statements:
                transaction = connection.transaction()
                await transaction.start()
                try:
                    await connection.execute(each)
                except asyncpg.InsufficientPrivilegeError:
                    pass
                else:
                    found.append(each)
                finally:
                    await transaction.rollback()
            await connection.close()
            return found

        return asyncio.run(go())

    def fill(self) -> None:
        """The first start of the projector and of the API, each as its role."""
        asyncio.run(prepare_at(self.url_of("projector")))
        fill(self.url_of("projector"), RECORDS)
        asyncio.run(a_key_of(self.url_of("api")))
        asyncio.run(treasury_tables(self.url_of("treasury")))


async def treasury_tables(url: str) -> None:
    """The treasury makes its tables."""
    store = TreasuryStore(url)
    try:
        await store.prepare()
    finally:
        await store.dispose()


async def a_key_of(url: str) -> None:
    """The API makes its tables, a key and an audit line."""
    store = AccessStore(url, wall_clock)
    try:
        await store.prepare()
        await store.create("ERP", {Scope.READ: Entities.of([LILLE])}, "test")
        assert await store.audit_lines(1)
    finally:
        await store.dispose()
