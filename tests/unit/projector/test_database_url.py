"""However an operator writes where the database is, projector and API reach the same."""

import pytest

from services.api.adapters.read_model import open_read_model
from services.projector.database import an_engine


@pytest.mark.parametrize(
    ("written", "reached"),
    [
        ("postgresql://ecluse@db/ecluse", "postgresql+asyncpg://ecluse@db/ecluse"),
        ("postgres://ecluse@db/ecluse", "postgresql+asyncpg://ecluse@db/ecluse"),
        ("postgresql+asyncpg://db/ecluse", "postgresql+asyncpg://db/ecluse"),
        ("postgresql://db/ecluse?sslmode=require", "postgresql+asyncpg://db/ecluse?ssl=require"),
        ("sqlite:///ecluse.db", "sqlite+aiosqlite:///ecluse.db"),
    ],
)
def test_an_address_is_taken_as_most_people_write_it(written: str, reached: str) -> None:
    assert [reached, reached] == [
        str(opened(written).url) for opened in (an_engine, open_read_model)
    ]
