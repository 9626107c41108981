"""What a projector that nobody disturbs makes of a journal: what a disturbed one is held to."""

import asyncio
from pathlib import Path
from typing import Final

from sqlalchemy import text

from services.projector.engine import make_engine
from services.projector.tables import metadata
from tests.kafka.cluster import Cluster
from tests.kafka.processes import Projector

OF_WRITERS: Final = frozenset({"epoch", "generation"})
"""What tells who wrote, and how often the tables were made again."""


class CleanRun:
    """Its tables, on PostgreSQL."""

    def __init__(self, cluster: Cluster, url: str, folder: Path, records: int) -> None:
        with Projector(cluster, url, folder) as projector:
            projector.until_rows(records)
            assert 0 == projector.stop()
        self._marks = marks(url)

    def assert_same(self, url: str) -> None:
        """Row for row, every column, what another database of the same server holds."""
        found = marks(url)
        assert [] == [name for name, mark in self._marks.items() if mark != found[name]]


def marks(url: str) -> dict[str, str]:
    """For each table how many rows it has, and a sum over all of them in order."""

    async def go() -> dict[str, str]:
        engine = make_engine(url)
        found = {}
        try:
            async with engine.connect() as connection:
                for name, table in metadata.tables.items():
                    columns = ", ".join(
                        column.name for column in table.columns if column.name not in OF_WRITERS
                    )
                    key = ", ".join(f"one.{column.name}" for column in table.primary_key)
                    asked = (
                        "SELECT count(*) || ' rows, ' || coalesce(md5(string_agg(md5(one::text), ''"
                        f" ORDER BY {key})), '') FROM (SELECT {columns} FROM {name}) AS one"
                    )
                    found[name] = str((await connection.execute(text(asked))).scalar_one())
        finally:
            await engine.dispose()
        return found

    return asyncio.run(go())
