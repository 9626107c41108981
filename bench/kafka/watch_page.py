"""The watch's figures for people: a part of build/bench.md."""

from collections.abc import Iterator
from typing import Any, Final

from bench.kafka.figures import MIB, Figures, or_dash

MOMENTS_MAX: Final = 8
"""So many promises of a burst are shown, evenly chosen; the first and the last among them."""

UNKNOWN: Final = "—"


def lines(found: Figures) -> Iterator[str]:
    """Its part of the page."""
    yield (
        "One worker drains the same events with `ecluse watch` beside it and without, in"
        f" {len(found['ratios'])} pairs that begin with one and the other in turn; a page and"
        " Prometheus each ask the watch every 5 s meanwhile."
        f" {found['cores']} cores for worker, watch, broker and bench together; before,"
        f" {found['busy_cores_before']:.2f} were busy. No deadline events are written: the events"
        " are of 2023, and every order in them is overdue."
    )
    yield ""
    yield from _paces(found)
    yield ""
    yield from _burst(found["burst"])


def _paces(found: Figures) -> Iterator[str]:
    yield "| the ledger, one worker | events/s | each round | cores: worker, broker, others |"
    yield "|---|---|---|---|"
    for key, name in (("alone", "without the watch"), ("watched", "with the watch")):
        row = found[key]
        cores = ", ".join(or_dash(row[each], ".2f") for each in ("cores", "broker_cores"))
        rounds = ", ".join(f"{each:,.0f}" for each in row["rounds"])
        cells = (f"{row['events_per_s']:,.0f}", rounds, f"{cores}, {row['other_cores']:.2f}")
        yield f"| {name} | {' | '.join(cells)} |"
    yield ""
    ratios = ", ".join(f"{each:.3f}" for each in found["ratios"])
    is_seen = max(found["ratios"]) < 1
    yield (
        f"With the watch the worker makes {ratios} of its pace without, pair by pair: in the middle"
        f" the watch costs {found['watch_cost_percent']:.1f} %"
        f"{'' if is_seen else ', which is less than rounds differ by'}. It has"
        f" {found['watch_cores']:.2f} cores meanwhile (they are among the others),"
        f" {found['watch_cpu_us_per_event']:.0f} µs an event, and"
        f" {found['watch_peak_bytes'] / MIB:.0f} MiB at most. When the ledger is done the watch has"
        f" {_count(found['behind_at_end'])} records left to read, as it says itself, and"
        f" {found['caught_up_s']:.1f} s later none."
    )


def _burst(burst: Figures) -> Iterator[str]:
    yield (
        f"A burst of {burst['events']:,} events, published in {burst['published_s']:.1f} s while"
        f" one worker reads them; from then on it takes {burst['took_s']:.1f} s. Meanwhile the lag"
        f" page changes {burst['looks']} times, and promises an end {burst['promises']} times."
    )
    if not burst["moments"]:
        return
    yield ""
    yield "| s after the last was published | records behind | promised, s | it took, s | error |"
    yield "|---|---|---|---|---|"
    for each in chosen(burst["moments"]):
        cells = (
            f"{each['at_s']:.1f}",
            _count(each["behind"]),
            f"{each['promised_s']:.1f}",
            f"{each['took_s']:.1f}",
            f"{each['error_s']:+.1f} s, {each['error']:+.0%}",
        )
        yield f"| {' | '.join(cells)} |"
    yield ""
    yield (
        f"Half of the promises are within {burst['median_error']:.0%}; the worst is"
        f" {burst['worst_error_s']:.1f} s off."
    )


def chosen(moments: list[Any]) -> list[Any]:
    """So many of them as a table holds, at even distances."""
    if len(moments) <= MOMENTS_MAX:
        return moments
    last = len(moments) - 1
    return [moments[number * last // (MOMENTS_MAX - 1)] for number in range(MOMENTS_MAX)]


def _count(value: int | None) -> str:
    return UNKNOWN if value is None else f"{value:,}"
