"""The parts of a CSV as the API gives it in English."""

import csv
import io
from typing import Any

Row = dict[str, Any]


def parts_of(content: bytes) -> tuple[dict[str, str], list[str], list[Row]]:
    """Its heading, its columns, and its rows without the totals."""
    rows = list(csv.reader(io.StringIO(content.decode("utf-8"), newline=""), strict=True))
    empty = rows.index([])
    heading = {row[0]: row[1] if len(row) > 1 else "" for row in rows[:empty]}
    columns, *found = rows[empty + 1 :]
    assert len({*columns}) == len(columns)
    listed = [dict(zip(columns, row, strict=True)) for row in found]
    is_total = bool(listed) and listed[-1][columns[0]] == "Total"
    return heading, columns, listed[:-1] if is_total else listed
