"""The figures of the treasury for people: what was missed first, then everything."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from bench.kafka.figures import Figures

NAMES: Final = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
MEGABYTE: Final = 1_000_000

HEAD: Final = (
    "# Speed of the treasury: measured\n\n"
    "Written by `python -m bench.treasury --page build/treasury-speed.md`."
    " [Decision 21](../docs/decisions/0021-the-treasurys-process.md) says what to make of it."
)


class Aim(NamedTuple):
    """What was aimed at: a part's figure, the size at which it counts, and its bound."""

    part: str
    figure: str
    said: str
    size: int
    bound: float
    unit: float = 1

    def measured(self, row: Figures) -> float:
        """The figure in the unit of the bound."""
        return float(row[self.figure] / self.unit)


AIMS: Final = (
    Aim("slips", "took_s", "s for {size:,} orders of three lines from waiting to file", 5_000, 5),
    Aim("slips", "peak_bytes", "MB at most in that process", 5_000, 200, MEGABYTE),
    Aim("returns", "took_s", "s for a return of {size:,} bytes", 50 * MEGABYTE, 30),
    Aim("returns", "grown_bytes", "MB more memory meanwhile", 50 * MEGABYTE, 100, MEGABYTE),
    Aim("caught_up", "took_s", "s for {size:,} orders from the topic", 100_000, 60),
    Aim("console", "p50_ms", "ms for the console's page with {size:,} that wait", 5_000, 300),
)


def against_aims(found: Figures) -> list[Figures]:
    """Each aim with what was measured; those of another size than theirs are left out."""
    return [
        {
            "aim": f"< {aim.bound:g} {aim.said.format(size=aim.size)}, {NAMES[database]}",
            "measured": aim.measured(row),
            "met": aim.measured(row) < aim.bound,
        }
        for aim in AIMS
        for database, row in found.get(aim.part, {}).items()
        if found["sizes"][aim.part] == aim.size
    ]


def page(found: Figures) -> str:
    """The whole page."""
    return "\n\n".join([HEAD, _setting(found), tables(found)]) + "\n"


def missed(found: Figures) -> str:
    """What was missed, in a line each."""
    rows = [each for each in found["aims"] if not each["met"]]
    if not found["aims"]:
        return "Of these sizes no aim says anything."
    if not rows:
        return "All aims are met."
    return "\n".join(f"Missed: {each['aim']}: {each['measured']:,.1f}" for each in rows)


def tables(found: Figures) -> str:
    """All figures, what was missed first."""
    parts = [missed(found), "\n".join(_aims(found["aims"]))] if found["aims"] else [missed(found)]
    for part, lines in (
        ("slips", _slips),
        ("returns", _returns),
        ("caught_up", _caught_up),
        ("console", _console),
    ):
        if part in found:
            parts.append("\n".join(lines(found[part])))
    return "\n\n".join(parts)


def _setting(found: Figures) -> str:
    return (
        f"{found['cores']} cores for everything, the broker, PostgreSQL and the bench among it;"
        f" Python {found['python']}, {found['system']}. PostgreSQL waits for its disk where it"
        f" must. Before the run {found['busy_cores_before']:.2f} cores were busy: above 0.2 the"
        " seconds are those of a shared machine, and processor time is what counts."
    )


def _aims(aims: list[Figures]) -> Iterator[str]:
    yield "| aim | measured | |"
    yield "|---|---|---|"
    for each in aims:
        verdict = "met" if each["met"] else "**missed**"
        yield f"| {each['aim']} | {each['measured']:,.1f} | {verdict} |"


def _slips(rows: Figures) -> Iterator[str]:
    some = next(iter(rows.values()))
    steps = list(some["steps"])
    yield "## From waiting to file"
    yield ""
    yield (
        f"{some['pieces']:,} orders of three lines on one slip, a file of"
        f" {some['file_bytes']:,} bytes and a message of {some['message_bytes']:,}. Seconds by"
        " the clock (of the process's own processor time):"
    )
    yield ""
    yield f"| | {' | '.join(steps)} | all | peak memory, MB |"
    yield f"|---|{'---|' * (len(steps) + 2)}"
    for database, row in rows.items():
        cells = [_both(row["steps"][step]) for step in steps]
        yield (
            f"| {NAMES[database]} | {' | '.join(cells)} | {_both(row)}"
            f" | {row['peak_bytes'] / MEGABYTE:.0f} |"
        )


def _returns(rows: Figures) -> Iterator[str]:
    some = next(iter(rows.values()))
    yield "## A large return"
    yield ""
    yield (
        f"{some['file_bytes']:,} bytes, {some['pieces']:,} pieces of three lines, each paid:"
        f" {some['events']:,} events; then the same return again, which makes none. Seconds by the"
        " clock (of the process's own processor time):"
    )
    yield ""
    yield "| | first | again | memory before, MB | more meanwhile, MB |"
    yield "|---|---|---|---|---|"
    for database, row in rows.items():
        yield (
            f"| {NAMES[database]} | {_both(row)} | {_both(row['again'])}"
            f" | {row['before_bytes'] / MEGABYTE:.0f} | {row['grown_bytes'] / MEGABYTE:.0f} |"
        )


def _caught_up(rows: Figures) -> Iterator[str]:
    some = next(iter(rows.values()))
    yield "## Caught up from the topic"
    yield ""
    yield (
        f"{some['orders']:,} orders of three lines wait on a broker on the same machine;"
        " `ecluse treasury run` begins with empty tables. The clock runs from the start of the"
        " process to the last order in the tables."
    )
    yield ""
    yield "| | s | until the first, s | its processor time, s | peak memory, MB |"
    yield "|---|---|---|---|---|"
    for database, row in rows.items():
        yield (
            f"| {NAMES[database]} | {row['took_s']:.1f} | {row['until_first_s']:.1f}"
            f" | {row['cpu_s']:.1f} | {row['peak_bytes'] / MEGABYTE:.0f} |"
        )


def _console(rows: Figures) -> Iterator[str]:
    some = next(iter(rows.values()))
    yield "## The console's page"
    yield ""
    yield (
        f"`/console/treasury` with {some['waiting']:,} orders that wait, asked for"
        f" {some['times']} times, one after the other."
    )
    yield ""
    yield "| | p50, ms | max, ms | the API's ms of processor time each | its peak memory, MB |"
    yield "|---|---|---|---|---|"
    for database, row in rows.items():
        yield (
            f"| {NAMES[database]} | {row['p50_ms']:.0f} | {row['max_ms']:.0f}"
            f" | {row['cpu_ms']:.0f} | {row['peak_bytes'] / MEGABYTE:.0f} |"
        )


def _both(row: Figures) -> str:
    return f"{row['took_s']:.2f} ({row['cpu_s']:.2f})"
