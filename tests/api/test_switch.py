"""Reading goes on while the read model is made again: each answer is of the one or the other."""

import asyncio
from itertools import cycle
from typing import Final

import httpx
import pytest
from sqlalchemy import select, text

from services.api.adapters.read_model import begin_reading, open_read_model
from services.projector import rebuild as switching
from services.projector.rebuild import both_engines
from services.projector.tables import metadata
from tests.api.environment import an_app, asking
from tests.api.reads.answers import BUDGET, YEAR
from tests.read_model.filling import fill, journal_of, query
from tests.read_model.making_again import make_again

SWITCHES: Final = 3
READERS: Final = 4
ANSWERS_MIN: Final = 100
PATHS: Final = (
    "/balances/lines",
    "/payment-orders/waiting",
    "/grants",
    f"/budgets/{BUDGET}/grants/LILLE-AVENIRS-2023",
    f"/budgets/{BUDGET}/execution.csv",
    "/status",
    "/readyz",
)


@pytest.mark.timeout(300)
def test_who_reads_while_the_read_model_is_made_again_is_answered(postgresql_url: str) -> None:
    url, records = postgresql_url, journal_of(YEAR)
    fill(url, records)
    answers: list[httpx.Response] = []

    async def read(client: httpx.AsyncClient, done: asyncio.Event) -> None:
        for path in cycle(PATHS):
            if done.is_set() and len(answers) >= ANSWERS_MIN:
                return
            answers.append(await client.get(path))

    async def go() -> None:
        done = asyncio.Event()
        async with asking(an_app(open_read_model(url))) as client:
            readers = [asyncio.create_task(read(client, done)) for _ in range(READERS)]
            try:
                for _ in range(SWITCHES):
                    # As a process of its own: it does not wait for the readers' turns.
                    await asyncio.to_thread(lambda: asyncio.run(make_again(url, records)))
            finally:
                done.set()
                await asyncio.gather(*readers)

    asyncio.run(go())
    assert SWITCHES == query(url, "SELECT max(generation) FROM positions")
    assert {each.status_code for each in answers} <= {200, 503}
    for path in PATHS:
        bodies = {each.content for each in answers if each.url.path == path and each.is_success}
        assert 1 == len(bodies), path


WAITING: Final = "SELECT count(*) FROM pg_locks WHERE NOT granted"


async def test_a_switch_waits_for_an_answer_and_the_answer_not_for_the_switch(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever tables it asks for next: else each would have what the other waits for."""
    monkeypatch.setattr(switching, "LOCK_MS", 100_000)

    engine = open_read_model(postgresql_url)
    async with both_engines(postgresql_url) as (running, _), running.connect() as old:
        reader = await engine.connect()
        await begin_reading(reader)
        await reader.execute(select(metadata.tables["journal"]))
        locked = asyncio.create_task(switching._lock(old))
        async with running.connect() as beside:
            while not (await beside.execute(text(WAITING))).scalar_one():  # noqa: ASYNC110 # the server tells nobody
                await asyncio.sleep(0.01)
        for table in metadata.sorted_tables:
            await reader.execute(select(table))
        assert not locked.done()
        await reader.close()
        await engine.dispose()
        assert await locked
