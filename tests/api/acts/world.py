"""A town in which every act can be done: its orders, what did not go through, and its treasury."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, TypeVar

import httpx

from services.api.access.caller import EVERYBODY, Action, Caller, Entities, Scope
from services.api.app import create_app
from services.api.http.components import Components, open_treasury
from services.api.problems import DATABASE_UNREACHABLE, Problem
from services.treasury.store.database import TREASURY_FILE
from tests.api import treasury_scene
from tests.api.environment import (
    ROUBAIX,
    HandClock,
    Kept,
    KeptAudit,
    KeptBytes,
    Known,
    a_reader,
    asking,
)
from tests.api.made import Made
from tests.api.test_redrive import RECORDS, Desk, journal
from tests.builders import (
    Json,
    a_convention,
    a_payment,
    a_report,
    a_vote,
    an_award,
    an_instalment,
)

DOER, READER = "key-of-who-does-it", "key-of-a-reader"
NEIGHBOUR, OF_ONE = "key-of-another-town", "key-of-another-town-that-reads-all"
CALLERS: Final = {
    DOER: Caller("key:doer", dict.fromkeys(Scope, EVERYBODY), "Anne"),
    READER: Caller("key:reader", {Scope.READ: EVERYBODY}),
    NEIGHBOUR: Caller("key:neighbour", dict.fromkeys(Scope, Entities.parse([ROUBAIX]))),
    OF_ONE: Caller(
        "key:one", dict.fromkeys(Scope, Entities.parse([ROUBAIX])) | {Scope.READ: EVERYBODY}
    ),
}
YEAR: Final[list[Json]] = [
    an_award(),
    a_convention(
        instalments=[
            an_instalment(60_000),
            an_instalment(40_000, "balance", documents=[("activity_report", 2022)]),
        ]
    ),
]
MORE: Final[list[Json]] = [*YEAR, a_payment(900_000), a_report(convention="O")]
"""Behind the vote: record 4 is refused, record 5 waits."""

Found = TypeVar("Found")
Visit = Callable[[httpx.AsyncClient], Awaitable[Found]]


@dataclass
class FailingAudit(KeptAudit):
    """An audit trail whose database may be away."""

    is_away: bool = False

    async def write(
        self, actor: str, action: Action, subject: str, facts: Mapping[str, Any] | None = None
    ) -> None:
        if self.is_away:
            raise Problem(DATABASE_UNREACHABLE)
        await super().write(actor, action, subject, facts)


@dataclass
class World:
    """The town's API: who does what there, and what is changed by it."""

    folder: Path
    url: str
    audit: FailingAudit = field(default_factory=FailingAudit)
    kept: Kept = field(default_factory=Kept)

    def __post_init__(self) -> None:
        config = self.folder / "treasury.yaml"
        config.write_text(treasury_scene.CONFIG, encoding="utf-8")
        own = treasury_scene.settings_of(self.folder, self.url, config)
        asyncio.run(treasury_scene.fill_orders(own, treasury_scene.issued([a_vote(), *YEAR])))
        clock, desk = HandClock(treasury_scene.NOW), Desk(self.url)
        self.treasury = open_treasury(own, a_reader(self.url), clock)
        bytes_of = {(at.topic, at.partition, at.offset): each.value for at, each in RECORDS.items()}
        parts = Components(
            a_reader(self.url),
            Known(CALLERS),
            self.kept,
            self.audit,
            KeptBytes({place: value or b"" for place, value in bytes_of.items()}),
            clock,
            treasury=self.treasury,
        )
        self.app = create_app(
            replace(
                parts,
                source_records=desk.source,
                marks_behind=desk.marks_behind,
                journal_ends=desk.journal_ends,
            )
        )

    def visit(self, key: str | None, what: Visit[Found]) -> Found:
        """What somebody with this key does."""

        async def go() -> Found:
            async with asking(self.app, key) as client:
                client.headers["accept"] = "text/html,application/json"
                try:
                    return await what(client)
                finally:
                    assert self.treasury is not None
                    await self.treasury.store.dispose()

        return asyncio.run(go())

    def state(self) -> tuple[int, list[str]]:
        """All that an act may change: what is published, and the rows of the treasury."""
        with sqlite3.connect(self.folder / TREASURY_FILE) as connection:
            rows = list(connection.iterdump())
        connection.close()
        return len(self.kept.messages), rows


def a_world(folder: Path, made_in_files: Made) -> World:
    """A town of its own for one test."""
    return World(folder, made_in_files(journal(*MORE)))
