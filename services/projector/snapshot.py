"""One moment of a database for several questions."""

from sqlalchemy.ext.asyncio import AsyncConnection

from services.projector.sql import POSTGRESQL


async def begin_snapshot(connection: AsyncConnection) -> None:
    """Have all questions of a connection that has asked nothing yet see the same moment."""
    if connection.dialect.name == POSTGRESQL:
        level = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        await connection.execution_options(**level)
    else:  # It begins a transaction where none was begun yet.
        await connection.exec_driver_sql("SAVEPOINT one_moment")
