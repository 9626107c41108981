"""The read model's figures for people: a part of build/bench.md."""

from collections.abc import Iterator
from typing import Final

from bench.kafka.figures import MIB, Figures, or_dash

APART: Final = {
    "read": "a simple read (balances, orders, an outcome)",
    "grant": "a grant, whole",
    "trace": "the trace of a convention",
}
TABLES: Final = {
    "to_postgresql": "PostgreSQL",
    "to_postgresql_by_two": "PostgreSQL, two projectors",
    "to_sqlite": "SQLite",
}


def lines(found: Figures) -> Iterator[str]:
    """Its part of the page."""
    yield (
        "`ecluse projector`, `ecluse api` and, where events come, `ecluse ledger`, as an operator"
        f" starts them; PostgreSQL waits for its disk where it must. {found['cores']} cores for all"
        f" of them, the broker and the bench. Before, {found['busy_cores_before']:.2f} were busy."
    )
    yield ""
    yield from _paces(found)
    yield ""
    yield from _visible(found["visible"])
    yield ""
    yield from _reads(found["reads"])


def _paces(found: Figures) -> Iterator[str]:
    yield (
        "| journal into | records | records/s | the projector's µs a record | PostgreSQL's"
        " | cores: projector, PostgreSQL, broker, others | peak memory, MiB |"
    )
    yield "|---|---|---|---|---|---|---|"
    for key, name in TABLES.items():
        row = found[key]
        cells = (
            f"{row['records']:,}",
            f"{row['records_per_s']:,.0f}",
            f"{row['cpu_us_per_record']:.1f}",
            f"{row['database_cpu_us_per_record']:.1f}" if key != "to_sqlite" else "–",
            _cores(row),
            f"{row['peak_bytes'] / MIB:.0f}",
        )
        yield f"| {name} | {' | '.join(cells)} |"
    yield ""
    yield (
        "The whole journal waits when the clock starts, with the first partition opened; the clock"
        f" ends once {found['to_postgresql']['records']:,} records are in the tables. Where"
        " later events wait too, a few of theirs are among them. Memory is the largest process's."
    )


def _visible(visible: Figures) -> Iterator[str]:
    journal = visible["journal"]
    yield f"| at {visible['rate']:.0f} events/s, ms since an event was due | p50 | p99 | max |"
    yield "|---|---|---|---|"
    for name, row in (
        ("to its journal record, committed", journal),
        ("to its outcome in the API (`GET /events/{id}`)", visible),
    ):
        yield f"| {name} | {row['p50_ms']:.0f} | {row['p99_ms']:.0f} | {row['max_ms']:.0f} |"
    yield ""
    yield (
        f"{visible['followed']:,} events were followed, each asked for"
        f" {visible['looks_per_event']:.1f} times until it showed; all are published with acks=all."
        " Cores of ledger, projector and API together, PostgreSQL, broker, others:"
        f" {_cores(visible)}."
    )


def _reads(reads: Figures) -> Iterator[str]:
    yield f"| {reads['connections']} connections ask in turn | p50, ms | p99, ms |"
    yield "|---|---|---|"
    for name, row in {**reads["each"], "**all**": reads}.items():
        yield f"| {name} | {row['p50_ms']:.1f} | {row['p99_ms']:.1f} |"
    yield ""
    yield (
        f"{reads['reads_per_s']:,.0f} reads/s on PostgreSQL, one process. Cores of the API,"
        f" PostgreSQL, broker, others (who asks among them): {_cores(reads)}."
    )
    yield ""
    yield "| asked by itself | reads/s | p99, ms | the API's ms of processor time each |"
    yield "|---|---|---|---|"
    for name, row in reads.get("apart", {}).items():
        cells = f"{row['reads_per_s']:,.0f} | {row['p99_ms']:.1f} | {row['cpu_ms']:.2f}"
        yield f"| {APART[name]} | {cells} |"


def _cores(row: Figures) -> str:
    names = ("cores", "database_cores", "broker_cores", "other_cores")
    return ", ".join(or_dash(row[name], ".2f") for name in names)
