"""Today for whom: who sees one entity learns of no other; and nobody waits with a connection."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi import FastAPI

from services.api.adapters.ports import JournalEnd
from services.api.today import live
from services.lag.document import Lag
from services.projector.engine import make_engine
from services.projector.tables import positions
from tests.api import lag_scenes
from tests.api.environment import (
    ALL_KEY,
    LILLE_KEY,
    HandClock,
    a_reader,
    an_app,
    an_empty_read_model,
    asking,
)
from tests.api.lag_boards import NIGHT, a_board, stages
from tests.api.reads.two_entities import both
from tests.builders import IBAN, Json
from tests.read_model.filling import fill, journal_of_events
from tests.unit.api.console.lag_views import lag

ERROR = f"invalid input for query argument $5: '{IBAN}'"


async def hold(url: str) -> None:
    engine = make_engine(url)
    async with engine.begin() as connection:
        await connection.execute(positions.update().values(held_offset=977, held_error=ERROR))
    await engine.dispose()


def today(url: str, key: str) -> str:
    async def go() -> str:
        await hold(url)
        async with asking(an_app(a_reader(url)), key) as client:
            answer = await client.get("/console/today", headers={"accept": "text/html"})
            assert 200 == answer.status_code
            return answer.text

    return asyncio.run(go())


def test_what_holds_a_partition_is_shown_to_who_sees_all_and_without_iban(sqlite_url: str) -> None:
    fill(sqlite_url, both())
    shown, of_lille = today(sqlite_url, ALL_KEY), today(sqlite_url, LILLE_KEY)
    assert "Reading partition 0 is held" in shown
    assert "Reading partition 0 is held" in of_lille
    assert "977" in shown
    assert "977" not in of_lille
    assert "invalid input" not in of_lille
    assert IBAN not in shown + of_lille


# ------------------------------------------------------------------ what the watch says
class Watched:
    """A watch that answers so, and was asked while so many connections were out."""

    def __init__(self, scene: lag_scenes.Scene) -> None:
        self.scene = scene
        self.app: FastAPI | None = None
        self.out: list[int] = []

    async def __call__(self) -> Lag:
        if self.app is not None:
            self.out.append(self.app.state.components.engine.pool.checkedout())
        return lag(self.scene.board)

    async def hour(self) -> None:
        return None


def a_dead_ledger() -> lag_scenes.Scene:
    dead = {"state": "STOPPED", "rule": "no_owner", "behind": 18}
    board = a_board(state="STOPPED", stages=stages(NIGHT, ledger=dead))
    return lag_scenes.Scene(board | {"outcomes": board["outcomes"] | {"in_flight": 18}}, {})


def asked_of(url: str, watched: Watched, key: str = ALL_KEY) -> tuple[str, str, Json]:
    """The first words of Today and of Lag, and the standing, at one moment."""

    async def go() -> tuple[str, str, Json]:
        app = an_app(a_reader(url), clock=HandClock(NIGHT))
        app.state.components = replace(app.state.components, lag=watched)
        watched.app = app
        async with asking(app, key) as client:
            today = await client.get("/console/today", headers={"accept": "text/html"})
            other = await client.get("/console/lag", headers={"accept": "text/html"})
            status = await client.get("/status")
        titles = [page.text.partition("<h1>")[2].partition("</h1>")[0] for page in (today, other)]
        return titles[0], titles[1], status.json()

    return asyncio.run(go())


def test_while_the_ledger_is_dead_neither_page_nor_answer_says_that_all_is_well(
    sqlite_url: str,
) -> None:
    fill(sqlite_url, both())
    watched = Watched(a_dead_ledger())
    today, other, status = asked_of(sqlite_url, watched)
    assert today == other == "The ledger has stopped, for one partition at least."
    assert ("stage", "ledger", "STOPPED", "watch") == tuple(
        status[name] for name in ("verdict", "stage", "stage_state", "knows")
    )
    assert 139_108 + 18 == status["received"]
    assert status["received"] - status["outcomes"]["read"] == status["in_flight"]
    assert {0} == set(watched.out), "nobody waits for the watch with a connection"


def test_who_sees_one_entity_is_shown_that_the_ledger_is_dead_and_not_what_waits(
    sqlite_url: str,
) -> None:
    fill(sqlite_url, both())
    today, _, status = asked_of(sqlite_url, Watched(a_dead_ledger()), LILLE_KEY)
    assert "The ledger has stopped, for one partition at least." == today
    assert ("stage", None, None) == tuple(
        status[name] for name in ("verdict", "received", "in_flight")
    )


def test_where_the_cluster_is_silent_only_what_is_decided_is_shown(sqlite_url: str) -> None:
    fill(sqlite_url, both())
    today, other, status = asked_of(sqlite_url, Watched(lag_scenes.broker_down()))
    assert "received" not in today
    assert "The watch gets no answer of Kafka." == other
    assert ("unknown", "cluster_silent", None, None) == tuple(
        status[name] for name in ("verdict", "knows", "received", "in_flight")
    )


async def test_an_open_page_is_shown_when_the_ledger_dies_though_the_accounts_stand_still(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "POLL_EVERY_S", 0.0)
    monkeypatch.setattr(live, "POLLS_MAX", 4)

    class Dying(Watched):
        """The ledger is dead at the third look."""

        async def __call__(self) -> Lag:
            if len(self.out) == 2:
                self.scene = a_dead_ledger()
            return await super().__call__()

    watched = Dying(lag_scenes.at_night())
    watched.app = app = an_app(a_reader(sqlite_url), clock=HandClock(NIGHT))
    app.state.components = replace(app.state.components, lag=watched)
    async with asking(app, LILLE_KEY) as client:
        assert 2 == (await client.get("/console/today/live")).text.count("event: position")


@pytest.mark.parametrize("path", ["/console/today", "/status"])
async def test_nobody_waits_for_the_journal_with_a_connection(path: str, tmp_path: Path) -> None:
    out: list[int] = []

    app = an_app(an_empty_read_model(tmp_path))
    engine = app.state.components.engine

    async def ends() -> Mapping[int, JournalEnd] | None:
        out.append(engine.pool.checkedout())
        return None

    app.state.components = replace(app.state.components, journal_ends=ends)
    async with asking(app) as client:
        assert 200 == (await client.get(path, headers={"accept": "*/*"})).status_code
    assert [0] == out


async def test_nobody_waits_for_the_source_with_a_connection(sqlite_url: str) -> None:
    fill(sqlite_url, journal_of_events([b"{"]))
    out: list[int] = []

    app = an_app(a_reader(sqlite_url))
    engine = app.state.components.engine

    async def original_bytes(*_place: object) -> bytes | None:
        out.append(engine.pool.checkedout())
        return b"{ as received"

    app.state.components = replace(app.state.components, original_bytes=original_bytes)
    async with asking(app) as client:
        answer = await client.post("/console/records/_dead.0/1", headers={"accept": "*/*"})
        assert 200 == answer.status_code
        assert "{ as received" in answer.text
    assert [0] == out
