"""Asking a filled read model, whichever database it is in."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Any, TypeVar

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.projector.engine import make_engine
from tests.read_model.filling import EXAMPLES, GOLDEN

T = TypeVar("T")

LILLE = "21590350100017"
BUDGET = f"{LILLE}-00-2023"
YEAR = EXAMPLES / "lille-avenirs-2023.jsonl"
CARRIED = (
    EXAMPLES / "lille-avenirs-carry-over.jsonl",
    EXAMPLES / "lille-avenirs-carry-over-2024.jsonl",
)
GOLDEN_NAMES = ("lille-avenirs-2023", "hard-year-2023", "turns-2023", "year-end-2023")
HISTORIES = [GOLDEN / f"{name}.events.jsonl" for name in GOLDEN_NAMES]
HARD = HISTORIES[1]
OF_A_LONG_TEST = [
    HARD,
    *(pytest.param(each, marks=pytest.mark.rest) for each in HISTORIES if each != HARD),
]
"""The same, of which `make test` has one."""


@asynccontextmanager
async def connected(url: str) -> AsyncGenerator[AsyncConnection]:
    """A connection to this read model."""
    engine = _an_engine(url)
    try:
        async with engine.connect() as connection:
            yield connection
    finally:
        await engine.dispose()


def ask(url: str, question: Callable[[AsyncConnection], Awaitable[T]]) -> T:
    """One question on a connection of its own."""

    async def go() -> T:
        async with connected(url) as connection:
            return await question(connection)

    return asyncio.run(go())


@lru_cache(maxsize=16)
def _an_engine(url: str) -> AsyncEngine:
    """The same engine for the same read model: what it has compiled is not compiled again."""
    return make_engine(url)


def line_row(line: Any) -> dict[str, Any]:
    """A line as the contract prints it."""
    return {
        "chapter": line.chapter,
        "article": line.article,
        "function": line.function,
        "operation": line.operation,
    }
