"""The figures for people: `python -m bench.kafka.page` makes build/bench.md of the JSON.

It reads build/bench.json, or the file that it is given, and prints Markdown.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bench.kafka import console_page, read_page, secure_page, watch_page
from bench.kafka.figures import MIB, Figures, or_dash
from bench.kafka.processes import ROOT

NAMES: Final = {
    "ledger_one": "the ledger, one worker",
    "ledger_two": "the ledger, two workers",
    "bare": "the bare aiokafka loop",
    "faust": "the Faust agent",
    "faust_patient": "the Faust agent, its producer patient",
}

HEAD: Final = (
    "# Throughput, latency, restoring: measured\n\n"
    "Written by `python -m bench.kafka.page` from `build/bench.json`, which `make bench` writes."
    " [Decision 5](../docs/decisions/0005-the-cost-of-an-event.md) says what to make of it."
)

CONTENDERS: Final = (
    "Each contender has the broker to itself, and finds all its events waiting when its clock"
    " starts. The broker is one node on the same machine, with a heap of 1 GiB.\n\n"
    "- **The ledger**: `ecluse ledger`, as an operator starts it. The clock runs from the first"
    " partition opened to the last journal record that a reader of committed records sees.\n"
    "- **The bare loop** reads the same events and writes as many records and bytes to the same"
    " topics, by the same codecs, in one transaction a poll: one producer, whole batches, nothing"
    " decoded. It is the most that aiokafka gives in Python.\n"
    "- **The Faust agent** runs the ledger's own core under `exactly_once`, one event at a time: it"
    " sends the journal record and each message, and writes one value to a table. It has Faust's"
    " own settings, with lz4 and uvloop; then, *patient*, a producer that waits 100 ms for more to"
    " send, the quickest of the settings tried. It is given {faust_events:,} of the events: all"
    " would take too long. The clock runs to its last journal record visible; its last transaction"
    " of offsets may come later.\n\n"
    "One worker and the bare loop took turns, {rounds} rounds: the one in the middle counts."
)


def page(found: Figures) -> str:
    """The whole page."""
    if "faust" not in found:
        return "\n\n".join([HEAD, tables(found)])
    said = CONTENDERS.format(
        faust_events=found["faust"]["events"], rounds=len(found["bare"]["rounds"])
    )
    return "\n\n".join([HEAD, _setting(found), said, tables(found)])


def tables(found: Figures) -> str:
    """All figures."""
    parts = [("Aims", _aims(found))]
    if "faust" in found:
        parts += [
            ("Events a second", _paces(found)),
            ("Restoring and latency", _others(found)),
            ("Where the ledger's time goes", _steps(found)),
        ]
    if "read_model" in found:
        parts.append(("The read model and its API", read_page.lines(found["read_model"])))
    if "console" in found:
        parts.append(("The console's pages", console_page.lines(found["console"])))
    if "watch" in found:
        parts.append(("What the watch costs", watch_page.lines(found["watch"])))
    if "security" in found:
        parts.append(("What TLS and a login cost", secure_page.lines(found["security"])))
    return "\n\n".join(f"## {title}\n\n" + "\n".join(lines) for title, lines in parts)


def _setting(found: Figures) -> str:
    wrote = found["outputs"]
    return (
        f"{found['events']:,} payments and reports ({found['event_bytes']:.0f} bytes each)"
        f" on {found['conventions']:,} conventions of {found['budgets']} budgets, one budget in a"
        f" hundred hot; {found['partitions']} partitions. {found['cores']} cores for the broker,"
        f" the contender and the bench together; Python {found['python']}, {found['system']}."
        f" Before the run {found['busy_cores_before']:.2f} cores were busy."
        f" For an event the ledger writes {wrote['records_per_event']:.2f} records,"
        f" {wrote['bytes_per_event']:,.0f} bytes before compression."
    )


def _aims(found: Figures) -> Iterator[str]:
    """The aims, those that were missed first."""
    yield "| aim | measured | |"
    yield "|---|---|---|"
    for row in sorted(found["aims"], key=lambda row: row["met"]):
        sign = "≤" if row["at_most"] else "≥"
        why = f": {row['if_missed']}" if row["if_missed"] else ""
        verdict = "met" if row["met"] else f"**missed**{why}"
        yield f"| {sign} {row['bound']:,g} {row['said']} | {_short(row['measured'])} | {verdict} |"


def _paces(found: Figures) -> Iterator[str]:
    yield (
        "| | events | events/s | each round | cores it had | cores the broker had"
        " | others | its µs an event | the broker's | peak memory, MiB |"
    )
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for key, name in NAMES.items():
        row = found[key]
        cells = (
            f"{row['events']:,}",
            f"{row['events_per_s']:,.0f}",
            ", ".join(f"{each:,.0f}" for each in row["rounds"]),
            f"{row['cores']:.2f}",
            or_dash(row["broker_cores"], ".2f"),
            f"{row['other_cores']:.2f}",
            f"{row['cpu_us_per_event']:.1f}",
            or_dash(row["broker_cpu_us_per_event"], ".1f"),
            f"{row['peak_bytes'] / MIB:.0f}",
        )
        yield f"| {name} | {' | '.join(cells)} |"
    yield ""
    yield (
        f"One worker makes {found['ratio_to_bare']:.2f} of the bare loop's pace,"
        f" {found['ratio_to_faust']:.1f} times the Faust agent's and"
        f" {found['ratio_to_faust_patient']:.1f} times the patient one's."
        f" Two workers make {found['ratio_two_to_one']:.2f} of one's."
        " Others are whatever else had these cores meanwhile, the bench among them; memory is the"
        " largest process's."
    )


def _others(found: Figures) -> Iterator[str]:
    restore, latency = found["restore"], found["latency"]
    yield "| | |"
    yield "|---|---|"
    rows = {
        f"state read back, {restore['state_records']:,} records, records/s": (
            f"{restore['restored_records_per_s']:,.0f}"
        ),
        "the same, until a partition can be worked on, records/s": (
            f"{restore['opened_records_per_s']:,.0f}"
        ),
        f"state made again from {restore['journal_records']:,} journal records, records/s": (
            f"{restore['rebuilt_records_per_s']:,.0f}"
        ),
        f"publish to read_committed at {latency['rate']:.0f} events/s, ms": (
            f"p50 {latency['p50_ms']:.1f}, p99 {latency['p99_ms']:.1f}, max {latency['max_ms']:.1f}"
        ),
        "cores that this rate takes: the worker, the broker, others": (
            f"{latency['cores']:.2f}, {or_dash(latency['broker_cores'], '.2f')},"
            f" {latency['other_cores']:.2f}"
        ),
    }
    for store, row in found["replay"].items():
        rows[f"{row['events']:,} events of files, `ecluse replay`, {store}"] = (
            f"{row['events_per_s']:,.0f} events/s, {row['cpu_us_per_event']:.1f} µs of processor"
            f" time an event, {row['peak_bytes'] / MIB:.0f} MiB"
        )
    for name, value in rows.items():
        yield f"| {name} | {value} |"
    yield ""
    yield (
        f"Latency is of {latency['events']:,} events, from the moment when each was due:"
        f" 99 of 100 were published within {latency['publisher_late_p99_ms']:.1f} ms of it."
        " Partitions are restored one after another, in one process."
    )


def _steps(found: Figures) -> Iterator[str]:
    steps = found["steps"]
    whole = steps["cpu_us_per_event"]
    yield "| step | µs of processor time an event | share |"
    yield "|---|---|---|"
    for name, each in steps["us_per_event"].items():
        yield f"| {name} | {each:.1f} | {each / whole:.0%} |"
    yield f"| **all** | {whole:.1f} | |"
    yield ""
    yield (
        "Of a worker that holds a clock to each step, which costs some of it:"
        f" {steps['events_per_s']:,.0f} events/s."
        f" The four steps of the rules take {steps['groups']['rules']:.0f} µs, the four of what"
        f" leaves {steps['groups']['outputs']:.0f}. The rest is the event loop, requests and"
        " sockets, and what stands between the steps."
    )


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.2f}"


def main() -> None:
    file = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "bench.json"
    sys.stdout.write(page(json.loads(file.read_text(encoding="utf-8"))) + "\n")


if __name__ == "__main__":
    main()
