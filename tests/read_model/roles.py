"""A database with a role for each kind of process, as `ecluse database grants` makes them."""

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import asyncpg
import yaml
from sqlalchemy import make_url

from services.api.access.caller import Entities, Scope
from services.api.access.store import AccessStore
from services.api.adapters.clock_and_chance import wall_clock
from services.projector.database_rights import read_rights
from services.projector.migrations import prepare_at
from services.treasury.store.database import TreasuryStore
from tests.api.environment import LILLE
from tests.integration.command import CommandResult, ecluse
from tests.read_model.databases import Server
from tests.read_model.filling import fill, golden

RECORDS: Final = golden("lille-avenirs-2023")

ACTS: Final[dict[str, dict[str, Any]]] = yaml.safe_load(
    Path(__file__).with_name("acts_of_roles.yaml").read_text(encoding="utf-8")
)
"""Acts by name: SQL (`but` what is replaced in it), and the roles that may."""

NO_ROW: Final = frozenset(("UPDATE 0", "DELETE 0"))

PLANTED: Final = """
INSERT INTO ecluse_treasury.orders (budget, payment_order, message, amount_cents, issued_on, due_on)
VALUES ('B', 'P', '{}', 100, now(), now());
INSERT INTO ecluse_treasury.slips (slip_id, budget, slip_type, state, number, piece_count,
amount_cents, prepared_at, prepared_by, file_name, file, file_sha256)
VALUES ('S', 'B', '01', 'issued', 7, 1, 100, now(), 'test', 'f.xml', 'abc', 'aa');
INSERT INTO ecluse_treasury.own_events VALUES ('E', 'B', 'P', 'ecluse.payment.executed.v1',
'{"piece": 1, "line": 1, "on": "2023-06-02", "amount_cents": 100, "which": 1}', now());
INSERT INTO ecluse_treasury.booked VALUES ('B', 1);
INSERT INTO ecluse_treasury.positions VALUES ('ecluse.payment-orders.v1', 0, 1);
INSERT INTO ecluse_treasury.outbox (message_id, topic, budget, value, made_at)
VALUES ('X', 'ecluse.slips.v1', 'B', '{}', now())"""
"""Rows of which acts tell."""


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

    def sql_of(self, act: str) -> str:
        """The statement of an act."""
        sql: str = ACTS[act]["sql"]
        for before, after in ACTS[act].get("but", {}).items():
            assert before in sql, act
            sql = sql.replace(before, after)
        for role in read_rights().roles:
            sql = sql.replace(f"<{role}>", self.name(role))
        return sql

    def acts_of(self, role: str, acts: Iterable[str] = ACTS) -> list[str]:
        """Those of these acts that the role may do."""
        named = {self.sql_of(act): act for act in acts}
        return [named[each] for each in self.allowed(role, named, finding=True)]

    def allowed(self, role: str, statements: Iterable[str], *, finding: bool = False) -> list[str]:
        """Those of these statements for which the role has the right; nothing is changed.

        `finding`: and which find a row, where they change one.
        """

        async def go() -> list[str]:
            connection = await asyncpg.connect(
                user=self.name(role), host=self._server.socket, database=self.database
            )
            found = []
            for each in statements:
                transaction = connection.transaction()
                await transaction.start()
                try:
                    done = await connection.execute(each)
                except (asyncpg.InsufficientPrivilegeError, asyncpg.RaiseError):
                    pass
                else:
                    if not (finding and done in NO_ROW):
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
        self.run(PLANTED)


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
        await store.create("ERP", {Scope.READ: Entities.parse([LILLE])}, "test")
        assert await store.audit_lines(1)
    finally:
        await store.dispose()
