"""Keys and audit lines in their database: PostgreSQL's schema `ecluse_access`, or a file."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import fields, replace
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

import structlog
from sqlalchemy import Executable, Row, Select, or_, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from events.masking import mask, mask_name
from services.api.access.caller import Action, Entities, Scope
from services.api.access.keys import (
    ID_BYTES,
    SECRET_BYTES,
    ApiKey,
    KeyParts,
    digest_of,
    matches_digest,
)
from services.api.access.tables import SCHEMA, VERSION_TABLE, api_key_rights, api_keys, audit
from services.api.adapters.clock_and_chance import Clock, make_secret, make_unique_name
from services.api.adapters.prepared import PreparedQuery
from services.api.adapters.read_model import open_postgresql, use_current_password
from services.api.problems import DATABASE_UNREACHABLE, Problem
from services.projector.database_errors import is_temporary, message_of, raising_unreachable
from services.projector.engine import engine_address, make_file_engine, our_address
from services.projector.migrations import prepare_beside
from services.projector.settings import address_beside

CONNECTIONS_MAX: Final = 4
USE_NOTED_EVERY: Final = timedelta(minutes=5)
"""Precision of the last use of a key: noting each would write at every request."""

ACCESS_FILE: Final = "access.db"
MIGRATIONS: Final = Path(__file__).parent / "migrations"

WITH_RIGHTS: Final = (
    select(api_keys, api_key_rights.c.scope, api_key_rights.c.entity)
    .outerjoin(api_key_rights)
    .order_by(api_keys.c.created_at.desc(), api_keys.c.key_id)
)
"""Keys, the newest first, each as often as it has rights."""

OF_KEY: Final = PreparedQuery(lambda key_id: WITH_RIGHTS.where(api_keys.c.key_id == key_id))
"""The key of an id: asked at each request."""

NO_DIGEST: Final = digest_of("")
"""Compared where no key has the id, so that both take the same time."""


log: Final = structlog.stdlib.get_logger("ecluse.api")


class AccessStore:
    """Keeps keys and audit lines.

    Raises:
        Problem: from any method but `prepare` and `dispose`, when the database does not answer.
    """

    def __init__(self, address: str, clock: Clock) -> None:
        url = our_address(address)
        self._clock = clock
        self._is_postgresql = url.get_backend_name() == "postgresql"
        self._folder = None if self._is_postgresql else Path(url.database or "").parent
        self._schema = SCHEMA if self._is_postgresql else None
        engine = (
            open_postgresql(url, CONNECTIONS_MAX) if self._is_postgresql else make_file_engine(url)
        )
        self._engine = engine.execution_options(schema_translate_map={SCHEMA: self._schema})
        self._one_question = self._engine
        """For what is one statement: PostgreSQL needs no BEGIN and COMMIT of ours."""
        if self._is_postgresql:
            self._one_question = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        self._beside: dict[str, asyncio.Task[None]] = {}

    def use_current_password(self, address: Callable[[], str | None]) -> None:
        """Have new connections log in with the password that `address` has then."""
        use_current_password(self._engine, address)

    async def prepare(self, patience_s: float = 0.0) -> None:
        """Make the tables, or bring them to this version, however long that takes.

        A server that is away is waited for, `patience_s` at most.

        Raises:
            Unreachable: the database does not answer.
            ClusterError: it is of a newer program.
        """
        async with raising_unreachable(engine_address(self._engine)):
            self._check_folder()
        await prepare_beside(self._engine, SCHEMA, MIGRATIONS, VERSION_TABLE, patience_s)

    async def dispose(self) -> None:
        await self.finish_writing_beside()
        await self._engine.dispose()

    async def create(
        self,
        label: str,
        rights: Mapping[Scope, Entities],
        by: str,
        expires_at: datetime | None = None,
        publish_types: Sequence[str] | None = None,
    ) -> tuple[ApiKey, str]:
        """Make a key; with it the one text that opens: it is shown once, and kept nowhere."""
        async with self.connect() as connection:
            return await self._add_key(connection, label, rights, by, expires_at, publish_types)

    async def rotate(
        self, key_id: str, by: str, overlap: timedelta, expires_at: datetime | None = None
    ) -> tuple[ApiKey, ApiKey, str] | None:
        """Make a key with the label and rights of another, which ends after `overlap`.

        Args:
            key_id: the key that ends.
            by: for the audit trail.
            overlap: how long both give access; the old one never lasts longer than it would have.
            expires_at: when the new one ends; else it lasts as long as the old one was to last
                when it was made.

        Returns:
            The old key, the new key, and the new key's text, which is shown once; None where no
            key in force has this id, or somebody else is just revoking or rotating it.
        """
        old, now = await self.find(key_id), self._clock()
        if old is None or not old.is_in_force(now):
            return None
        ends_at = min(now + overlap, old.expires_at or now + overlap)
        as_it_was = (
            api_keys.c.key_id == key_id,
            api_keys.c.revoked_at.is_(None),
            api_keys.c.expires_at.is_not_distinct_from(old.expires_at),
        )
        async with self.connect() as connection:
            # First of all: from here on nobody else revokes or rotates it.
            ending = update(api_keys).where(*as_it_was).values(expires_at=ends_at)
            found = (await connection.execute(ending.returning(api_keys.c.lasts_s))).one_or_none()
            if found is None:
                return None
            if expires_at is None and found.lasts_s is not None:
                expires_at = now + timedelta(seconds=found.lasts_s)
            new, shown = await self._add_key(
                connection, old.label, old.rights, by, expires_at, old.publish_types
            )
            facts = {"new_key": new.key_id, "expires_at": ends_at.isoformat()}
            await self.add_line(connection, by, Action.KEY_ROTATED, key_id, facts)
        return replace(old, expires_at=ends_at), new, shown

    async def _add_key(
        self,
        connection: AsyncConnection,
        label: str,
        rights: Mapping[Scope, Entities],
        by: str,
        expires_at: datetime | None,
        publish_types: Sequence[str] | None,
    ) -> tuple[ApiKey, str]:
        written = KeyParts(make_unique_name(ID_BYTES), make_secret(SECRET_BYTES))
        made_at = self._clock()
        key = ApiKey(
            written.key_id,
            label,
            dict(rights),
            made_at,
            by,
            expires_at=expires_at,
            publish_types=publish_types,
        )
        allowed = [
            {"key_id": key.key_id, "scope": scope.value, "entity": entity}
            for scope, entities in rights.items()
            for entity in entities.names()
        ]
        row = {
            "key_id": key.key_id,
            "label": label,
            "secret_sha256": digest_of(written.secret),
            "created_at": made_at,
            "created_by": by,
            "expires_at": expires_at,
            "lasts_s": expires_at and (expires_at - made_at) // timedelta(seconds=1),
            "publish_types": publish_types,
        }
        await connection.execute(api_keys.insert(), row)
        if allowed:
            await connection.execute(api_key_rights.insert(), allowed)
        facts: dict[str, Any] = {"label": label, "rights": allowed}
        if expires_at is not None:
            facts["expires_at"] = expires_at.isoformat()
        if publish_types is not None:
            facts["publish_types"] = list(publish_types)
        await self.add_line(connection, by, Action.KEY_CREATED, key.key_id, facts)
        return key, str(written)

    async def revoke(self, key_id: str, by: str) -> bool:
        """Have a key open no more; whether there was one in force."""
        async with self.connect() as connection:
            done = await connection.execute(
                update(api_keys)
                .where(api_keys.c.key_id == key_id, api_keys.c.revoked_at.is_(None))
                .values(revoked_at=self._clock(), revoked_by=by)
            )
            if not done.rowcount:
                return False
            await self.add_line(connection, by, Action.KEY_REVOKED, key_id, {})
        return True

    async def keys(self) -> list[ApiKey]:
        """Every key there ever was, the newest first."""
        async with self.connect() as connection:
            return _keys((await connection.execute(WITH_RIGHTS)).mappings().all())

    async def find(self, key_id: str, secret: str | None = None) -> ApiKey | None:
        """The key of this id, revoked or not; with `secret`, only if it is that key's."""
        with self._report_unreachable():
            rows = await OF_KEY.alone(self._engine, key_id=key_id)
        digest = rows[0]["secret_sha256"] if rows else NO_DIGEST
        if secret is not None and not matches_digest(secret, digest):
            return None
        return next(iter(_keys(rows)), None)

    def note_use(self, key: ApiKey) -> None:
        """Remember that a key was used, to five minutes; who uses it does not wait for that."""
        now = self._clock()
        if key.last_used_at is not None and now - key.last_used_at < USE_NOTED_EVERY:
            return
        last = api_keys.c.last_used_at
        used = (
            update(api_keys)
            .where(api_keys.c.key_id == key.key_id, or_(last.is_(None), last < now))
            .values(last_used_at=now)
        )
        self.write_beside(f"key {key.key_id}", used)

    def write_beside(self, name: str, statement: Executable) -> None:
        """Write beside the request, which does not wait for it, and does not fail with it.

        What is being written already under the same name is not written twice.
        """
        if name in self._beside:
            return

        async def go() -> None:
            try:
                async with self.connect() as connection:
                    await connection.execute(statement)
            except (Problem, SQLAlchemyError) as error:
                log.warning("use_not_noted", of=name.split(maxsplit=1)[0], error=message_of(error))

        task = self._beside[name] = asyncio.create_task(go())
        task.add_done_callback(lambda _done: self._beside.pop(name))

    async def finish_writing_beside(self) -> None:
        """Wait until everything is written that is written beside requests."""
        while self._beside:
            await asyncio.gather(*self._beside.values())

    async def one(self, query: Select[Any]) -> Row[Any] | None:
        """The one row of the answer."""
        async with self.connect(one_question=True) as connection:
            found: Row[Any] | None = (await connection.execute(query)).one_or_none()
            return found

    async def write(
        self,
        actor: str,
        action: Action,
        subject: str,
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        async with self.connect() as connection:
            await self.add_line(connection, actor, action, subject, facts or {})

    async def audit_lines(self, last: int) -> Sequence[Row[Any]]:
        """The last lines of the trail, the newest first, as their table has them."""
        async with self.connect() as connection:
            query = select(audit).order_by(audit.c.number.desc()).limit(last)
            return (await connection.execute(query)).all()

    async def add_line(
        self,
        connection: AsyncConnection,
        actor: str,
        action: Action,
        subject: str,
        facts: Mapping[str, Any],
    ) -> None:
        """Keep an audit line in the transaction of what it tells of; it holds no account whole."""
        line = {
            "at": self._clock(),
            "actor": actor,
            "action": action.value,
            "subject": mask_name(subject),
            "facts": mask(facts),
        }
        await connection.execute(audit.insert(), line)

    @asynccontextmanager
    async def connect(self, *, one_question: bool = False) -> AsyncGenerator[AsyncConnection]:
        """A connection in a transaction that is committed at the end, or for one question."""
        opened = self._one_question.connect() if one_question else self._engine.begin()
        with self._report_unreachable():
            async with opened as connection:
                yield connection

    @contextmanager
    def _report_unreachable(self) -> Iterator[None]:
        """Answer that the database does not, where that is why it fails."""
        try:
            self._check_folder()
            yield
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            if not is_temporary(error):
                raise
            log.warning("database_unreachable", error=message_of(error))
            raise Problem(DATABASE_UNREACHABLE, headers={"Retry-After": "5"}) from error

    def _check_folder(self) -> None:
        # aiosqlite would tell it to a loop that may have ended meanwhile.
        if self._folder is not None and not self._folder.is_dir():
            raise FileNotFoundError(self._folder)  # as the driver would say it


def access_address(read_model: str, address: str | None) -> str:
    """Address of keys and audit: the one that is set, else derived from that of the read model."""
    return address_beside(read_model, ACCESS_FILE) if address is None else address


def _keys(rows: Iterable[Mapping[Any, Any]]) -> list[ApiKey]:
    """The keys of these rows, of which there is one for each right of a key."""
    found = []
    for _key_id, of_one in groupby(rows, key=itemgetter("key_id")):
        names: dict[str | None, list[str]] = {}
        for row in of_one:
            names.setdefault(row["scope"], []).append(row["entity"])
        rights = {scope: Entities.parse(names[scope]) for scope in Scope if scope in names}
        members = {each.name: row[each.name] for each in fields(ApiKey) if each.name != "rights"}
        found.append(ApiKey(rights=rights, **members))
    return found
