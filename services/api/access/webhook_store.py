"""Webhooks and the latest attempts of each, in the database of keys: a rebuild loses none.

The secret is kept as it is, since it signs; whoever can read this database can sign as we do.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, delete, func, or_, select, update

from services.api.access.caller import Action, Entities
from services.api.access.store import AccessStore
from services.api.access.tables import webhook_attempts, webhooks
from services.api.adapters.clock_and_chance import Clock, make_unique_name

ID_BYTES: Final = 6

LEASE: Final = timedelta(seconds=60)
"""Time for which a process alone delivers a webhook: longer than one attempt takes."""

ATTEMPTS_KEPT: Final = 200
"""Attempts that are kept of a webhook."""

WEBHOOKS_MAX: Final = 50


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to post a message."""

    message_id: str
    at: datetime
    status: int | None
    """Of the answer; None where there was none."""
    error: str | None
    duration_ms: int
    done: bool
    """True if the receiver has taken it."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address to which outcomes are posted."""

    webhook_id: str
    address: str
    secret: str
    entities: Entities
    budget: str | None
    created_at: datetime
    created_by: str
    position: str
    """The place in the journal up to which all was taken."""
    failures: int
    """Attempts that failed since the last one that did not."""
    failing_since: datetime | None
    next_attempt_at: datetime | None
    last_error: str | None
    """Of the attempt that failed last, while it fails."""


class TooManyWebhooks(Exception):
    """There are `WEBHOOKS_MAX` already."""


class Webhooks:
    """Keeps webhooks, who delivers them, and how far they are.

    Raises:
        Problem: from any method, when the database does not answer.
    """

    def __init__(self, store: AccessStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._me = make_unique_name()
        """This process, among those that deliver."""

    async def add(
        self,
        address: str,
        secret: str,
        entities: Entities,
        by: str,
        position: str,
        budget: str | None = None,
    ) -> Webhook:
        """Post the outcomes behind a position, of these entities or one budget, to an address.

        Raises:
            TooManyWebhooks: there is no room for one more.
        """
        webhook_id = make_unique_name(ID_BYTES)
        row = {
            "webhook_id": webhook_id,
            "address": address,
            "secret": secret,
            "entities": entities.names(),
            "budget": budget,
            "created_at": self._clock(),
            "created_by": by,
            "position": position,
            "failures": 0,
        }
        facts = {"address": address, "entities": entities.names(), "budget": budget}
        async with self._store.connect() as connection:
            count = await connection.scalar(select(func.count()).select_from(webhooks))
            if count is not None and count >= WEBHOOKS_MAX:
                raise TooManyWebhooks
            await connection.execute(webhooks.insert(), row)
            await self._store.add_line(connection, by, Action.WEBHOOK_ADDED, webhook_id, facts)
        found = await self.find(webhook_id)
        assert found is not None, "it was just added"
        return found

    async def remove(self, webhook_id: str, by: str) -> bool:
        """Post nothing more to a webhook's address; False where there is none of this id."""
        async with self._store.connect() as connection:
            mine = webhook_attempts.c.webhook_id == webhook_id
            await connection.execute(delete(webhook_attempts).where(mine))
            gone = await connection.execute(
                delete(webhooks).where(webhooks.c.webhook_id == webhook_id)
            )
            if not gone.rowcount:
                return False
            await self._store.add_line(connection, by, Action.WEBHOOK_REMOVED, webhook_id, {})
        return True

    async def all(self) -> list[Webhook]:
        """Every webhook, the oldest first."""
        asked = select(webhooks).order_by(webhooks.c.created_at, webhooks.c.webhook_id)
        async with self._store.connect() as connection:
            return [_webhook(row) for row in await connection.execute(asked)]

    async def find(self, webhook_id: str) -> Webhook | None:
        """The webhook of this id."""
        row = await self._store.one(select(webhooks).where(webhooks.c.webhook_id == webhook_id))
        return None if row is None else _webhook(row)

    async def attempts(self, webhook_id: str, last: int = ATTEMPTS_KEPT) -> list[Attempt]:
        """The latest attempts of a webhook, the newest first."""
        table = webhook_attempts
        asked = select(table).where(table.c.webhook_id == webhook_id)
        async with self._store.connect() as connection:
            rows = await connection.execute(asked.order_by(table.c.number.desc()).limit(last))
            return [_attempt(row) for row in rows]

    async def claim(self, webhook_id: str) -> bool:
        """Take a webhook, or keep it, for a minute; False where another process has it."""
        now = self._clock()
        free = or_(webhooks.c.held_by.is_(None), webhooks.c.held_until < now)
        taken = (
            update(webhooks)
            .where(webhooks.c.webhook_id == webhook_id, or_(free, webhooks.c.held_by == self._me))
            .values(held_by=self._me, held_until=now + LEASE)
        )
        async with self._store.connect() as connection:
            return (await connection.execute(taken)).rowcount == 1

    async def note_delivered(self, webhook_id: str, attempt: Attempt, position: str) -> bool:
        """Note that a message was taken; False where another process has the webhook now."""
        return await self._note(
            webhook_id,
            attempt,
            position=position,
            failures=0,
            failing_since=None,
            next_attempt_at=None,
            last_error=None,
        )

    async def note_failed(self, webhook: Webhook, attempt: Attempt, again_in: timedelta) -> None:
        """Note that a message was not taken, and when it is tried again."""
        await self._note(
            webhook.webhook_id,
            attempt,
            failures=webhook.failures + 1,
            failing_since=webhook.failing_since or attempt.at,
            next_attempt_at=self._clock() + again_in,
            last_error=attempt.error or f"HTTP {attempt.status}",
        )

    async def note_tried(self, webhook_id: str, attempt: Attempt) -> None:
        """Keep an attempt that says nothing of how far the webhook is."""
        async with self._store.connect() as connection:
            await connection.execute(webhook_attempts.insert(), _row(webhook_id, attempt))

    async def _note(self, webhook_id: str, attempt: Attempt, **values: Any) -> bool:
        table = webhook_attempts
        mine = table.c.webhook_id == webhook_id
        newest = select(table.c.number).where(mine).order_by(table.c.number.desc())
        beyond = newest.offset(ATTEMPTS_KEPT - 1).limit(1).scalar_subquery()
        noted = (
            update(webhooks)
            .where(webhooks.c.webhook_id == webhook_id, webhooks.c.held_by == self._me)
            .values(held_until=self._clock() + LEASE, **values)
        )
        async with self._store.connect() as connection:
            if not (await connection.execute(noted)).rowcount:
                return False
            await connection.execute(table.delete().where(mine, table.c.number <= beyond))
            await connection.execute(table.insert(), _row(webhook_id, attempt))
        return True


def _row(webhook_id: str, attempt: Attempt) -> dict[str, Any]:
    return {
        "webhook_id": webhook_id,
        "message_id": attempt.message_id,
        "at": attempt.at,
        "status": attempt.status,
        "error": attempt.error,
        "duration_ms": attempt.duration_ms,
        "done": attempt.done,
    }


def _webhook(row: Row[Any]) -> Webhook:
    return Webhook(
        row.webhook_id,
        row.address,
        row.secret,
        Entities.parse(row.entities),
        row.budget,
        row.created_at,
        row.created_by,
        row.position,
        row.failures,
        row.failing_since,
        row.next_attempt_at,
        row.last_error,
    )


def _attempt(row: Row[Any]) -> Attempt:
    return Attempt(row.message_id, row.at, row.status, row.error, row.duration_ms, row.done)


def visible(webhooks: Sequence[Webhook], entities: Entities) -> list[Webhook]:
    """The webhooks of which a caller may know who may see these entities."""
    return [
        each
        for each in webhooks
        if entities.every or (not each.entities.every and each.entities.members <= entities.members)
    ]
