"""The tables after whole journals: what the ledger itself says of them."""

import asyncio

from services.projector.database import an_engine
from tests.read_model.filling import EXAMPLES, Tables, fill, journal_of, tables

YEAR = EXAMPLES / "lille-avenirs-2023.jsonl"


def read(url: str) -> Tables:
    async def go() -> Tables:
        engine = an_engine(url)
        try:
            return await tables(engine)
        finally:
            await engine.dispose()

    return asyncio.run(go())


def test_the_year_of_lille_avenirs(read_model_url: str) -> None:
    asyncio.run(fill(read_model_url, journal_of(YEAR), cuts=[4, 7]))
    found = read(read_model_url)
    paid = {row[4]: row[5:] for row in found["lines"]}
    assert {
        "489": (135_560_000, 0, 0, 0, 0, 135_560_000, 0),
        "1978": (75_700_000, 0, 0, 0, 0, 75_700_000, 0),
        "490": (15_100_000, 0, 0, 0, 0, 15_100_000, 0),
    } == paid
