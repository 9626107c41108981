"""Pages: put together they are the list, each row once, also while rows are added."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, create_engine, delete, insert

from services.api.adapters.read_model import open_read_model
from services.projector.tables import metadata, payment_orders, refusals
from tests.api.environment import ALL_KEY, an_app, asking
from tests.api.reads.answers import items

Key = tuple[int, str, int]
"""A day, a budget, a number."""

KEYS: Final = st.tuples(
    st.integers(0, 3), st.sampled_from(["b1", "b2", "B", "é"]), st.integers(1, 40)
)
DAY: Final = date(2023, 5, 1)
INSTANT: Final = datetime(2023, 5, 1, tzinfo=UTC)


def an_order(key: Key) -> dict[str, Any]:
    day, budget, number = key
    return {
        "budget": budget,
        "payment_order": f"C/{number:02d}",
        "convention": "C",
        "instalment": str(number),
        "amount_cents": 1,
        "paid_cents": 0,
        "state": "issued",
        "state_on": DAY,
        "due_on": DAY + timedelta(days=day),
        "issued_on": DAY,
        "iban": "FR7610278027150004578690110",
        "holder": "H",
        "sequence": number,
        "item": 1,
        "state_sequence": number,
    }


def a_refusal(key: Key) -> dict[str, Any]:
    day, budget, number = key
    return {
        "budget": budget,
        "sequence": number,
        "event_id": str(number),
        "event_source": "urn:test",
        "event_type": "t",
        "event_time": INSTANT + timedelta(microseconds=day),
        "code": "grant_withdrawn",
        "facts": {"grant": "G"},
    }


def key_of_order(row: dict[str, Any]) -> Key:
    day = (date.fromisoformat(row["due_on"]) - DAY).days
    return day, row["budget"], int(row["payment_order"].partition("/")[2])


def key_of_refusal(row: dict[str, Any]) -> Key:
    time = datetime.fromisoformat(row["event_time"])
    return (time - INSTANT) // timedelta(microseconds=1), row["budget"], row["sequence"]


@pytest.fixture(scope="module")
def an_empty_one(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pages") / "read.db"
    maker = create_engine(f"sqlite:///{path}")
    metadata.create_all(maker)
    maker.dispose()
    return path


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    at_first=st.sets(KEYS, max_size=14),
    added=st.lists(st.sets(KEYS, max_size=3), max_size=6),
    limit=st.integers(1, 5),
    newest_first=st.booleans(),
)
def test_pages_are_the_list_each_row_once_also_while_rows_are_added(
    an_empty_one: Path,
    at_first: set[Key],
    added: list[set[Key]],
    limit: int,
    newest_first: bool,
) -> None:
    # One order per budget and number, whatever its day: that is its key in the table.
    at_first = _one_a_number(at_first, set())
    table, a_row, key_of, path = (
        (refusals, a_refusal, key_of_refusal, "/refusals")
        if newest_first
        else (payment_orders, an_order, key_of_order, "/payment-orders")
    )
    writer = create_engine(f"sqlite:///{an_empty_one}")
    try:
        _write(writer, table, [a_row(each) for each in at_first], empty=True)
        present, expected = set(at_first), set(at_first)
        later = iter(added)

        async def read() -> list[Key]:
            seen: list[Key] = []
            async with asking(
                an_app(open_read_model(f"sqlite:///{an_empty_one}")), ALL_KEY
            ) as client:
                answer = await client.get(f"{path}?limit={limit}")
                while True:
                    seen += [key_of(row) for row in items(answer)]
                    assert len(seen) == len(set(seen)), "a row came twice"
                    following = answer.json()["next"]
                    if following is None:
                        return seen
                    new = _one_a_number(next(later, set()), present)
                    _write(writer, table, [a_row(each) for each in new])
                    present.update(new)
                    last = seen[-1]
                    expected.update(
                        each for each in new if (each < last if newest_first else each > last)
                    )
                    answer = await client.get(_next_of(answer))

        seen = asyncio.run(read())
        assert sorted(expected, reverse=newest_first) == seen
    finally:
        writer.dispose()


def _one_a_number(keys: set[Key], present: set[Key]) -> set[Key]:
    taken = {key[1:] for key in present}
    found: dict[tuple[str, int], Key] = {}
    for key in sorted(keys):
        if key[1:] not in taken:
            found.setdefault(key[1:], key)
    return set(found.values())


def _write(writer: Engine, table: Any, rows: list[dict[str, Any]], *, empty: bool = False) -> None:
    with writer.begin() as connection:
        if empty:
            connection.execute(delete(table))
        if rows:
            connection.execute(insert(table), rows)


def _next_of(answer: httpx.Response) -> str:
    link = answer.links["next"]["url"]
    assert answer.json()["next"] in link
    return link
