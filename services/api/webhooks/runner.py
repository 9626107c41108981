"""Delivers webhooks, in the process of the API: in order, each until it was taken.

Of several processes each webhook is delivered by one, which holds it for a minute at a time. The
position is kept after every message that was taken, so a process that dies repeats one at most.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Final

import aiohttp
import structlog
from sqlalchemy.exc import SQLAlchemyError

from services.api.access.webhook_store import Webhook, Webhooks
from services.api.adapters.clock_and_chance import Clock
from services.api.outcomes.feed import Feed, Position
from services.api.problems import Problem
from services.api.webhooks.delivery import Deliverer, outcome_message

START: Final = ""
"""The position of a webhook that has taken nothing yet, of all there is."""

POLL_EVERY_S: Final = 1.0
IDLE_POLL_S: Final = 5.0
"""Time between two polls where there is no webhook."""

WAITS: Final = tuple(timedelta(seconds=s) for s in (5, 30, 120, 600, 1_800, 3_600))
"""Time before the next attempt, by attempts that failed; the last one for all that follow.

It never gives up: a message that is left out would be an outcome that nobody knows of.
"""

log: Final = structlog.stdlib.get_logger("ecluse.api")


class Runner:
    """Delivers every webhook that is due, all side by side: none waits for another's receiver."""

    def __init__(
        self, webhooks: Webhooks, feed: Feed, clock: Clock, allowed: frozenset[str]
    ) -> None:
        self._webhooks = webhooks
        self._feed = feed
        self._clock = clock
        self._deliverer = Deliverer(allowed, clock)
        self._running: dict[str, asyncio.Task[None]] = {}
        self._passed: dict[str, tuple[str, Position]] = {}
        """By webhook, where its row stands, and what was passed since without any message."""

    async def run(self) -> None:
        """Deliver until cancelled."""
        try:
            while True:
                pause_s = IDLE_POLL_S
                try:
                    for each in await self._webhooks.all():
                        pause_s = POLL_EVERY_S
                        if each.webhook_id not in self._running and self._is_due(each):
                            self._start(each)
                except Problem:
                    log.warning("webhooks_wait", why="the database does not answer")
                except Exception:
                    # Else a bug would end all webhooks, and nobody would see it.
                    log.exception("webhooks_wait")
                await asyncio.sleep(pause_s)
        finally:
            for task in self._running.values():
                task.cancel()

    def _start(self, webhook: Webhook) -> None:
        def note_end(task: asyncio.Task[None]) -> None:
            del self._running[webhook.webhook_id]
            if not task.cancelled() and task.exception() is not None:
                log.error("webhook_failed", webhook=webhook.webhook_id, exc_info=task.exception())

        task = self._running[webhook.webhook_id] = asyncio.create_task(self.deliver(webhook))
        task.add_done_callback(note_end)

    def _is_due(self, webhook: Webhook) -> bool:
        return webhook.next_attempt_at is None or webhook.next_attempt_at <= self._clock()

    async def deliver(self, webhook: Webhook) -> None:
        """Post all that a webhook has not taken yet, to the end or until it does not take it."""
        try:
            end = await self._feed.end()
            position = self._position(webhook)
            if not position.list_unread(end) or not await self._webhooks.claim(webhook.webhook_id):
                return
            # What another process delivered until now is in the row since then.
            found = await self._webhooks.find(webhook.webhook_id)
            if found is not None and self._is_due(found):
                async with self._deliverer.open_session() as session:
                    await self._deliver(session, found, end)
        except (Problem, SQLAlchemyError, OSError, TimeoutError) as error:
            log.warning("webhook_waits", webhook=webhook.webhook_id, why=type(error).__name__)

    async def _deliver(
        self, session: aiohttp.ClientSession, webhook: Webhook, end: Position
    ) -> None:
        position = self._position(webhook)
        kept = webhook.position
        while position.list_unread(end):
            sirets = webhook.entities.sirets
            page = await self._feed.page(sirets, webhook.budget, position, end)
            for each in page.outcomes:
                message = outcome_message(each)
                attempt = await self._deliverer.attempt(session, webhook, message)
                if not attempt.done:
                    wait = WAITS[min(webhook.failures, len(WAITS) - 1)]
                    log.warning(
                        "webhook_not_taken",
                        webhook=webhook.webhook_id,
                        message=message.message_id,
                        status=attempt.status,
                        again_s=wait.total_seconds(),
                    )
                    await self._webhooks.note_failed(webhook, attempt, wait)
                    return
                kept = str(each.position)
                webhook = replace(webhook, failures=0, failing_since=None)
                if not await self._webhooks.note_delivered(webhook.webhook_id, attempt, kept):
                    return
            position = page.position
            self._passed[webhook.webhook_id] = kept, position

    def _position(self, webhook: Webhook) -> Position:
        """The place up to which a webhook has all that is for it."""
        kept, passed = self._passed.get(webhook.webhook_id, (START, Position()))
        if kept == webhook.position:
            return passed
        return Position.read(webhook.position)


@asynccontextmanager
async def delivering(runner: Runner) -> AsyncGenerator[None]:
    """Deliver webhooks until the end of the block."""
    task = asyncio.create_task(runner.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
