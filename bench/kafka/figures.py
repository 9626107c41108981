"""The figures of a run: what follows from what was measured, and what was aimed at."""

import platform
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from bench.kafka import stepwise
from bench.kafka.contenders import Pace
from bench.kafka.outputs import Weights, by_topic
from bench.kafka.processes import BenchFailed, cores
from events.topics import JOURNAL, REFUSALS

MIB: Final = 1024 * 1024

AS_MANY: Final = 0.02
"""How far the bare loop may be from the bytes of the ledger; it writes a sample over and over."""

REST: Final = "the rest"
GROUPS: Final = {
    "rules": (stepwise.DECODE, stepwise.DECIDE, stepwise.RECORD, stepwise.EVOLVE),
    "outputs": (stepwise.ROWS, stepwise.MESSAGES, stepwise.BATCHES, stepwise.COMPRESS),
    "client": (stepwise.READ, REST),
}
"""What belongs together: the accounting, what leaves of it, and what carries both."""

Figures = dict[str, Any]


class Aim(NamedTuple):
    """A figure by its key, and its bound."""

    key: str
    said: str
    bound: float
    at_most: bool = False
    if_missed: str = ""
    """The reason for which it may be missed, and what it would take."""


RULES_TAKE: Final = (
    "rules in Python that a person reads take more than half of an event; compiled as they stand"
    " (mypyc) they would make it 0.9"
)
AIMS: Final = (
    Aim(
        "cpu_us_per_event",
        "µs of processor time an event, one process",
        62,
        at_most=True,
        if_missed=RULES_TAKE,
    ),
    Aim("events_per_s", "events a second, one process", 16_000, if_missed=RULES_TAKE),
    Aim(
        "ratio_to_bare",
        "of the bare loop",
        0.22,
        if_missed="the loop decodes and decides nothing, and gains where the ledger writes less;"
        " this would take an event in 0.6 of its time, which no step that was tried gives",
    ),
    Aim(
        "ratio_to_faust",
        "times the Faust agent",
        15,
        if_missed="the agent runs the ledger's own core, and gained by each of its steps; compiled"
        " rules (mypyc) would gain in both",
    ),
    Aim(
        "restored_records_per_s",
        "state records a second, restored",
        200_000,
        if_missed="rows are fewer and hold more: fewer seconds than before; half is unpacking",
    ),
    Aim("p99_ms", "ms from publish to read_committed, 99 of 100", 100, at_most=True),
    Aim(
        "postgresql_records_per_s",
        "journal records a second into PostgreSQL",
        20_000,
        if_missed="a projector waits for PostgreSQL in turn: two side by side, a line of their own",
    ),
    Aim(
        "postgresql_by_two_records_per_s",
        "journal records a second into PostgreSQL, two projectors",
        20_000,
        if_missed="two projectors and PostgreSQL share two cores: more cores",
    ),
    Aim(
        "sqlite_records_per_s",
        "journal records a second into SQLite",
        12_000,
        if_missed="the writing thread has the same interpreter: a process that only writes",
    ),
    Aim(
        "replay_events_per_s",
        "events of files a second, replayed in memory",
        15_000,
        if_missed="deciding alone takes 67 µs: two processes, each with half of the budgets",
    ),
    Aim("api_reads_per_s", "simple reads a second of the API, one process", 700),
    Aim(
        "api_read_cpu_ms",
        "ms of processor time a simple read of the API",
        1.2,
        at_most=True,
        if_missed="what is left is FastAPI and the driver: another HTTP parser (httptools), not"
        " measured",
    ),
    Aim("api_read_p99_ms", "ms to a simple read of the API, 99 of 100", 30, at_most=True),
    Aim("api_grant_cpu_ms", "ms of processor time a grant, whole", 5, at_most=True),
    Aim("api_trace_cpu_ms", "ms of processor time a trace", 10, at_most=True),
    Aim(
        "visible_p99_ms",
        "ms at 100 events/s until an outcome is in the API, 99 of 100",
        40,
        at_most=True,
        if_missed="the ledger's transaction is six requests one after another, and the projector's"
        " waits for it: fewer requests, which is for Kafka's clients to do",
    ),
    Aim("console_page_p99_ms", "ms to the slowest page of the console, 99 of 100", 150, True),
    Aim("console_search_p99_ms", "ms to the slowest search, 99 of 100", 50, True),
    Aim("watch_cost_percent", "% of the ledger's pace for a running watch", 5, at_most=True),
)


def machine() -> Figures:
    """What kind of machine, never which one."""
    return {
        "cores": cores(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def median(paces: Sequence[Pace]) -> Pace:
    """The run in the middle, by events a second; of two, the slower one."""
    return sorted(paces, key=lambda pace: pace.per_s)[(len(paces) - 1) // 2]


def row(paces: Sequence[Pace]) -> Figures:
    """The run in the middle, and how many events a second each one had."""
    return {**median(paces).row(), "rounds": [pace.per_s for pace in paces]}


def check_outputs(weights: Weights, events: int) -> None:
    """That the ledger did all of its work, and accepted everything.

    Raises:
        BenchFailed: it did not.
    """
    whole = by_topic(weights)
    written, refused = whole[JOURNAL].records, whole[REFUSALS].records
    if written != events or refused:
        raise BenchFailed(f"{written} journal records and {refused} refusals for {events} events")


def check_as_many(weights: Weights, wrote: dict[str, int]) -> None:
    """That the bare loop wrote as many records and bytes as the ledger.

    Raises:
        BenchFailed: it did not.
    """
    for name, count in wrote.items():
        wanted = sum(getattr(each, name) for each in weights.values())
        if abs(count - wanted) > AS_MANY * wanted:
            raise BenchFailed(f"the bare loop wrote {count} {name}, the ledger {wanted}")


def outputs(weights: Weights, events: int) -> Figures:
    """What the ledger writes for an event."""
    return {
        "records_per_event": sum(each.records for each in weights.values()) / events,
        "bytes_per_event": sum(each.bytes for each in weights.values()) / events,
        "topics": {
            name: {
                "records_per_event": each.records / events,
                "bytes_per_record": each.bytes / each.records,
            }
            for name, each in by_topic(weights).items()
            if each.records
        },
    }


def ratios(rows: Figures) -> Figures:
    """How one worker compares, by the figures of each contender."""
    one = rows["ledger_one"]["events_per_s"]
    return {
        "events_per_s": one,
        "cpu_us_per_event": rows["ledger_one"]["cpu_us_per_event"],
        "ratio_two_to_one": rows["ledger_two"]["events_per_s"] / one,
        "ratio_to_bare": one / rows["bare"]["events_per_s"],
        "ratio_to_faust": one / rows["faust"]["events_per_s"],
        "ratio_to_faust_patient": one / rows["faust_patient"]["events_per_s"],
    }


def restored(seconds: Figures, journal_records: int) -> Figures:
    """How fast partitions come back."""
    return {
        **seconds,
        "journal_records": journal_records,
        "restored_records_per_s": seconds["state_records"] / seconds["read_s"],
        "opened_records_per_s": seconds["state_records"] / seconds["opened_s"],
        "rebuilt_records_per_s": journal_records / seconds["rebuilt_s"],
    }


def steps(pace: Pace, seconds: dict[str, float]) -> Figures:
    """Where a worker's processor time goes, an event; the clocks themselves cost some of it."""
    named = {name: each / pace.events * 1e6 for name, each in seconds.items()}
    whole = pace.had.own_s / pace.events * 1e6
    taken = {**named, REST: whole - sum(named.values())}
    return {
        "events_per_s": pace.per_s,
        "cpu_us_per_event": whole,
        "us_per_event": taken,
        "groups": {
            group: sum(taken[name] for name in names if name in taken)
            for group, names in GROUPS.items()
        },
    }


def of_the_read_model(made: Figures) -> Figures:
    """Figures of the read model and its API for their aims; the API's of one kind of read each."""
    apart = made["reads"]["apart"]
    read = apart["read"]
    return {
        "postgresql_records_per_s": made["to_postgresql"]["records_per_s"],
        "postgresql_by_two_records_per_s": made["to_postgresql_by_two"]["records_per_s"],
        "sqlite_records_per_s": made["to_sqlite"]["records_per_s"],
        "visible_p99_ms": made["visible"]["p99_ms"],
        "api_reads_per_s": read["reads_per_s"],
        "api_read_p99_ms": read["p99_ms"],
        **{f"api_{name}_cpu_ms": row["cpu_ms"] for name, row in apart.items()},
    }


def against_aims(found: Figures) -> list[Figures]:
    """Each aim with what was measured, where it was."""
    everything = dict(found)
    for part in ("restore", "latency", "watch"):
        everything |= found.get(part, {})
    rows = []
    for aim in AIMS:
        if aim.key in everything:
            value = everything[aim.key]
            met = value <= aim.bound if aim.at_most else value >= aim.bound
            rows.append({**aim._asdict(), "measured": value, "met": met})
    return rows


def or_dash(value: float, form: str) -> str:
    """For people; a broker that is not ours does not tell its processor time."""
    return format(value, form) if value else "–"
