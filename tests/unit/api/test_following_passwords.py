"""A changed password of the database is taken by the next connection, without a restart."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import create_async_engine

from services.api.adapters.read_model import use_current_password

ADDRESS = "postgresql+asyncpg://ecluse:{}@127.0.0.1:1/ecluse"


class Seen(Exception):
    """The password with which a connection would be made."""


def password_of(address: str | None) -> str:
    """The password of the next connection, where the file says this now."""
    engine = create_async_engine(ADDRESS.format("first"))
    use_current_password(engine, lambda: address)

    def connecting(_dialect: object, _record: object, _args: object, options: Any) -> None:
        raise Seen(options["password"])

    event.listen(engine.sync_engine, "do_connect", connecting)

    async def connect() -> None:
        try:
            async with engine.connect():
                pass
        finally:
            await engine.dispose()

    with pytest.raises(Seen) as seen:
        asyncio.run(connect())
    return str(seen.value)


@pytest.mark.parametrize(
    ("address", "password"),
    [
        (ADDRESS.format("second"), "second"),
        (ADDRESS.format("p%40ss"), "p@ss"),
        ("postgresql://127.0.0.1/ecluse", "first"),
        ("half an addr", "first"),
        (None, "first"),
    ],
)
def test_the_next_connection_has_the_password_of_now(address: str | None, password: str) -> None:
    assert password == password_of(address)
