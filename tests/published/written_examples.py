"""Examples of what Écluse writes: `python -m tests.published.written_examples` makes them again.

The first message of each type that a ledger and a treasury write of recorded years, the example's
first.
"""

import asyncio
import json
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from sqlalchemy import select

from events import topics
from events.follow_up import DeadlinePassed
from events.schemas import JOURNAL_RECORD
from services.api.contract.published import WRITTEN
from services.treasury.store.tables import outbox
from tests.builders import Json, Scenario
from tests.golden.record import HERE
from tests.read_model.filling import fill, rows_of
from tests.treasury.books import book, in_both
from tests.treasury.databases import Opened, in_files
from tests.treasury.desk import Desk
from tests.treasury.orders import a_config
from tests.treasury.test_bookkeeper import YEAR
from tests.unit.ledger.wire import Wire

YEARS: Final = ("lille-avenirs-2023", "hard-year-2023", "turns-2023", "year-end-2023")
Work = Callable[[Opened], Awaitable[None]]


def of_the_ledger() -> dict[str, Json]:
    """By type, the first message that a worker wrote; the first record that moved money."""
    found: dict[str, Json] = {}
    for name in YEARS:
        wire = Wire()
        for line in (HERE / f"{name}.events.jsonl").read_bytes().splitlines():
            if line.strip():
                wire.tell(line)
                if DeadlinePassed.TYPE.encode() in line:
                    found.setdefault(DeadlinePassed.TYPE, json.loads(line))
        for sent in wire.sent:
            if sent.topic != topics.DEAD_LETTERS and sent.value is not None:
                message = json.loads(sent.value)
                found.setdefault(message["type"], message)
        records = [json.loads(each.record.seal()) for each in wire.decided]
        moved = next(each for each in records if each["moves"])
        found.setdefault(JOURNAL_RECORD, moved)
    return found


async def _entries(both: Opened) -> None:
    await book(both)


async def _slips(both: Opened) -> None:
    desk = Desk(both, a_config())
    await desk.orders("C/advance")
    slip = await desk.sent()
    await desk.refused(slip)
    await desk.slips.cancel(slip.slip_id, "anne")


def of_the_treasury() -> dict[str, Json]:
    """By type, the first message that a treasury wrote."""
    found: dict[str, Json] = {}
    for work, history in ((_entries, YEAR), (_slips, [])):
        with tempfile.TemporaryDirectory() as folder:
            url = in_files(Path(folder))
            fill(url, rows_of(Scenario(*history)))

            async def messages(both: Opened, work: Work = work) -> list[bytes]:
                await work(both)
                async with both.store.reading() as connection:
                    asked = select(outbox.c.value).order_by(outbox.c.number)
                    return list((await connection.execute(asked)).scalars())

            for value in asyncio.run(in_both(url, messages)):
                message = json.loads(value)
                found.setdefault(message["type"], message)
    return found


def examples() -> dict[str, Json]:
    """An example of each type that Écluse writes, by type."""
    return dict(sorted((of_the_ledger() | of_the_treasury()).items()))


def as_text() -> str:
    """The file, as it should stand in schemas/examples/."""
    return json.dumps(examples(), ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    WRITTEN.write_text(as_text(), encoding="utf-8")
