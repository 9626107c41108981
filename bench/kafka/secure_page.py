"""The cost of TLS and a login for people: a part of build/bench.md."""

from collections.abc import Iterator

from bench.kafka.figures import Figures
from bench.kafka.securing import NAMES


def lines(found: Figures) -> Iterator[str]:
    """Its part of the page."""
    yield (
        "One worker drains the same events by both listeners of one broker, PLAINTEXT and SASL_SSL"
        f" (SCRAM-SHA-512, TLS 1.3), in {len(found['ratios'])} pairs that begin with one and the"
        f" other in turn. {found['cores']} cores for worker, broker and bench together; before,"
        f" {found['busy_cores_before']:.2f} were busy."
    )
    yield ""
    yield (
        "| the ledger, one worker | events/s | each round | its µs an event | the broker's"
        " | cores: worker, broker, others |"
    )
    yield "|---|---|---|---|---|---|"
    for key, name in NAMES.items():
        row = found[key]
        cells = (
            f"{row['events_per_s']:,.0f}",
            ", ".join(f"{each:,.0f}" for each in row["rounds"]),
            f"{row['cpu_us_per_event']:.1f}",
            f"{row['broker_cpu_us_per_event']:.1f}",
            ", ".join(f"{row[each]:.2f}" for each in ("cores", "broker_cores", "other_cores")),
        )
        yield f"| {name} | {' | '.join(cells)} |"
    yield ""
    ratios = ", ".join(f"{each:.3f}" for each in found["ratios"])
    yield (
        f"By SASL_SSL the worker makes {ratios} of its pace by PLAINTEXT, pair by pair:"
        f" {found['security_ratio']:.2f} in the middle. For an event it takes"
        f" {found['worker_cpu_ratio']:.2f} times the processor time, the broker"
        f" {found['broker_cpu_ratio']:.2f} times."
    )
