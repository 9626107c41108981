"""The console's figures for people: a part of build/bench.md."""

from collections.abc import Iterator
from typing import Final

from bench.kafka.figures import Figures

DATABASES: Final = ("postgresql", "sqlite")


def lines(found: Figures) -> Iterator[str]:
    """Its part of the page."""
    yield (
        f"{found['records']:,} records of the journal, {found['grants']:,} grants. `ecluse api` as"
        f" an operator starts it, in French, without a key; each page asked for {found['times']}"
        " times, one question after the other, each about another budget, grant or order."
        f" {found['cores']} cores for the API, its database and the bench. Before,"
        f" {found['busy_cores_before']:.2f} were busy."
    )
    for kind, title in (("pages", "a page"), ("searches", "a search for")):
        if not found["postgresql"][kind]:
            continue
        yield ""
        each = "p50, p99, ms | the API's ms of processor time"
        yield f"| {title} | PostgreSQL: {each} | SQLite: {each} |"
        yield "|---|---|---|---|---|"
        for name in found["postgresql"][kind]:
            cells = [_cells(found[database][kind][name]) for database in DATABASES]
            yield f"| {name} | {' | '.join(cells)} |"
    missing = found["postgresql"]["missing"]
    if missing:
        yield ""
        yield f"Not measured, since this version has no such page: {', '.join(missing)}."


def _cells(row: Figures) -> str:
    return f"{row['p50_ms']:.0f}, {row['p99_ms']:.0f} | {row['cpu_ms']:.1f}"
