"""What is planted in tables, in the watch's figures and in deadlines, the proof of a run finds."""

import asyncio
import json
from typing import Any, Final

import pytest
from aiokafka.structs import ConsumerRecord
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.due.deadline_events import WATCH
from tests.kafka.clean_run import marks
from tests.kafka.faults.observer import Observer
from tests.kafka.faults.readers import unlike
from tests.read_model.databases import Server
from tests.read_model.filling import fill, golden, with_engine

YEAR: Final = "hard-year-2023"
BUDGET: Final = "21590350100017-00-2023"


@pytest.fixture(scope="module")
def filled(postgresql_server: Server) -> str:
    """The tables of a year."""
    url = postgresql_server.a_read_model()
    fill(url, golden(YEAR))
    return url


def planted(server: Server, of: str, statement: str) -> str:
    """A copy of these tables in which something was changed."""
    url = server.a_database(of.split("?", maxsplit=1)[0].rsplit("/", 1)[1])

    async def change(engine: AsyncEngine) -> None:
        async with engine.begin() as connection:
            assert 0 < (await connection.execute(text(statement))).rowcount

    with_engine(url, change)
    return url


@pytest.mark.parametrize(
    ("table", "statement"),
    [
        ("payments", "DELETE FROM payments WHERE sequence = (SELECT min(sequence) FROM payments)"),
        (
            "payments",
            (
                "INSERT INTO payments SELECT budget, sequence + 100000, payment_order,"
                " amount_cents, executed_on, bank_reference FROM payments LIMIT 1"
            ),
        ),
        ("lines", "UPDATE lines SET paid_cents = paid_cents + 1"),
        ("positions", "UPDATE positions SET next_offset = next_offset - 1"),
    ],
    ids=["lost", "twice", "wrong", "behind"],
)
def test_a_row_that_is_lost_there_twice_or_wrong_is_found(
    table: str, statement: str, filled: str, postgresql_server: Server
) -> None:
    found = marks(planted(postgresql_server, filled, statement))
    assert [table] == [name for name, mark in marks(filled).items() if mark != found[name]]


@pytest.mark.parametrize(
    ("shown", "is_found"),
    [
        ({"sequence": 7, "difference": []}, False),
        ({"sequence": 6, "difference": []}, True),
        ({"sequence": 8, "difference": []}, True),
        ({"sequence": 7, "difference": [{"line": "65/65748/61"}]}, True),
        ({"sequence": 404}, True),
    ],
)
def test_a_figure_of_the_watch_that_is_not_the_journal_s_is_found(
    shown: dict[str, Any], is_found: bool
) -> None:
    found = unlike({"_dead.0": 3, BUDGET: 7}, lambda _: shown)
    assert is_found == bool(found)
    assert all(each.startswith(BUDGET) for each in found)


def test_a_deadline_that_passed_twice_is_found() -> None:
    def record(offset: int, name: str, outcome: str) -> ConsumerRecord:
        row = {
            "budget": BUDGET,
            "sequence": offset + 1,
            "resumes": None,
            "outcome": outcome,
            "event_source": WATCH,
            "event_id": name,
            "source": {"topic": "internal", "partition": 0, "offset": offset},
        }
        value = json.dumps(row).encode()
        return ConsumerRecord("journal", 0, offset, 0, 0, b"", value, None, 0, len(value), ())

    async def go() -> Observer:
        observer = Observer("127.0.0.1:1", "", 1)
        observer._follow([record(0, "late", "accepted"), record(1, "late", "duplicate")])
        assert [] == observer.deadlines_twice
        observer._follow([record(2, "lapsed", "accepted"), record(3, "late", "accepted")])
        await observer.stop()
        return observer

    assert [f"{BUDGET} late"] == asyncio.run(go()).deadlines_twice
