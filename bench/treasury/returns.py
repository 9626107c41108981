"""A large return taken, in a process of its own: `python -m bench.treasury.returns`.

Its pieces have three lines, each paid. Then the same return once more: nothing comes of it.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from sqlalchemy import insert

from bench.kafka.figures import Figures
from bench.kafka.processes import peak_bytes
from services.treasury.store.tables import pieces, slips
from tests.treasury.databases import with_tables
from tests.treasury.return_files import Line, Mandat, Paid, a_return, a_slip
from tests.treasury.sent_slips import Desk, a_piece_row, a_slip_row, desk_at

PIECES_OF_A_SLIP: Final = 5_000
AMOUNTS: Final = ("10000.01", "5000.02", "2500.03")
LINE_CENTS: Final = (1_000_001, 500_002, 250_003)
ENCODING: Final = "iso-8859-1"


def _piece(number: int) -> str:
    lines = tuple(Line(each, (Paid(each),), "1", each) for each in AMOUNTS)
    return Mandat(number, lines, {"EtatPce": "05"}).xml()


def _slips(count: int) -> Iterator[range]:
    """The numbers of so many pieces, slip by slip; a slip has the number of its first."""
    for first in range(1, count + 1, PIECES_OF_A_SLIP):
        yield range(first, min(first + PIECES_OF_A_SLIP, count + 1))


def _xml(of_slip: range) -> Iterator[str]:
    yield a_slip(number=of_slip[0]).removesuffix("</Bordereau>")
    yield from map(_piece, of_slip)
    yield "</Bordereau>"


def write(file: Path, length_bytes: int) -> int:
    """Write a return of at least so many bytes; the number of its pieces."""
    before, after = a_return("{}").decode(ENCODING).split("{}")
    count = length_bytes // len(_piece(1)) + 1
    with file.open("w", encoding=ENCODING) as into:
        into.write(before)
        for of_slip in _slips(count):
            into.writelines(_xml(of_slip))
        into.write(after)
    return count


async def _send(desk: Desk, count: int) -> None:
    """Have the slips of so many pieces stand in the tables."""
    for of_slip in _slips(count):
        slip = a_slip_row(of_slip[0])
        rows: list[dict[str, Any]] = [
            a_piece_row(slip, each, f"C{each}/advance", LINE_CENTS) for each in of_slip
        ]
        async with desk.store.transaction() as connection:
            await connection.execute(insert(slips), [slip])
            await connection.execute(insert(pieces), rows)


async def _taken(desk: Desk, file: Path) -> Figures:
    began_s, had_s = time.perf_counter(), time.process_time()
    with file.open("rb") as stream:
        taken = await desk.returns.take(stream, file.name, "bench")
    return {
        "pieces": taken.pieces,
        "events": taken.events,
        "findings": taken.findings,
        "took_s": time.perf_counter() - began_s,
        "cpu_s": time.process_time() - had_s,
    }


async def measured(url: str, file: Path, pid: int) -> Figures:
    """The figures of this return, taken twice, into tables where its slips stand."""
    async with desk_at(url) as desk:
        await desk.take(a_return())  # What every return needs is in memory from now on.
        before_bytes = peak_bytes(pid)
        first = await _taken(desk, file)
        grown_bytes = peak_bytes(pid) - before_bytes
        again = await _taken(desk, file)
    return {
        **first,
        "before_bytes": before_bytes,
        "grown_bytes": grown_bytes,
        "again": again,
    }


async def fill(url: str, count: int) -> Figures:
    """Have so many pieces stand in new tables."""
    async with desk_at(url) as desk:
        await _send(desk, count)
    return {}


def main() -> None:
    question = json.load(sys.stdin)
    url, count = question["url"], question.get("fill")
    if count is not None:
        with_tables(url)
        found = asyncio.run(fill(url, count))
    else:
        found = asyncio.run(measured(url, Path(question["file"]), os.getpid()))
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
