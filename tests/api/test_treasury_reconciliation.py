"""The page Reconciliation: its budget, and differences that it leaves out."""

import asyncio
from pathlib import Path

import httpx
import pytest
from sqlalchemy import insert

from services.api.treasury import page
from services.treasury.store.database import TreasuryStore
from services.treasury.store.tables import booked
from tests import silence
from tests.api.made import Made
from tests.api.queries.asked import CARRIED
from tests.api.reads.two_entities import LILLE_BUDGET
from tests.api.treasury_scene import LILLE_TREASURY, Scene, a_scene
from tests.read_model.filling import journal_of

no_logs = silence.searched_logs

CASE = '<li class="sheet">'


async def shown(client: httpx.AsyncClient) -> str:
    answer = await client.get("/console/treasury/reconciliation")
    assert 200 == answer.status_code, answer.text
    return answer.text


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """The entries of Lille's orders are missing, up to a record that counts as booked."""
    made = a_scene(tmp_path)
    asyncio.run(_count_as_booked(made))
    return made


async def _count_as_booked(scene: Scene) -> None:
    store = TreasuryStore.build(scene.own)
    try:
        async with store.transaction() as connection:
            await connection.execute(insert(booked), [{"budget": LILLE_BUDGET, "sequence": 4}])
    finally:
        await store.dispose()


def test_differences_that_are_left_out_are_counted(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = scene.asked(LILLE_TREASURY, shown)
    count = whole.count(CASE)
    assert count > 1
    assert "ecluse reconcile" not in whole
    monkeypatch.setattr(page, "DIFFERENCES_SHOWN", 1)
    cut = scene.asked(LILLE_TREASURY, shown)
    assert 1 == cut.count(CASE)
    assert f"… and {count - 1} more: the command ecluse reconcile names all." in cut


def test_where_nothing_differs_it_says_what_was_compared(tmp_path: Path) -> None:
    whole = a_scene(tmp_path).asked(LILLE_TREASURY, shown)
    assert "Nothing differs." in whole
    assert "Held against the ledger: 0 accounting entries; 0 slips with 0 pieces" in whole
    assert "2 orders wait for a slip, which is no difference" in whole


def test_it_opens_on_the_newest_budget(scene: Scene, made_in_files: Made) -> None:
    scene.read_model = made_in_files(journal_of(*CARRIED))
    newest = LILLE_BUDGET.replace("2023", "2024")
    assert f'<option value="{newest}" selected>' in scene.asked(LILLE_TREASURY, shown)
