"""The figures of a fault-injection run: as a table, and as a page of docs/evidence."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final

Row = dict[str, Any]
"""A run as its JSON: `plan.Figures.row`, with `machine` beside it."""

Line = tuple[str, str]


def table(row: Row) -> str:
    """What was done and what came of it, line by line."""
    lines = [
        (name.replace("`", ""), value.replace("`", ""))
        for name, value in (*_filled(row, SETTING), *_filled(row, DONE), *_came(row))
    ]
    width = max(len(name) for name, _ in lines)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in lines)


def page(row: Row) -> str:
    """The same as Markdown, with what was proved."""
    plan = row["plan"]
    faults, seed = plan["faults"], plan["seed"]
    brokers = " BROKERS=3" if plan["brokers"] > 1 else ""
    return "\n".join(
        [
            "# A fault-injection run",
            "",
            "Workers of the ledger are killed, frozen and ended while events come in.",
            "So is their broker.",
            f"`make faults FAULTS={faults} SEED={seed}{brokers}` publishes the same events again.",
            "It writes this page.",
            "It does the same faults in the same order; the machine decides where they hit.",
            "`make test-rest` has a smaller run, with another seed each time.",
            "",
            *_as_table("the run", _filled(row, SETTING)),
            "",
            *_as_table("what was done", _filled(row, DONE)),
            "",
            *_as_table("what came of it", _came(row)),
            "",
            *_proved(row),
        ]
    )


def _as_table(title: str, lines: Iterator[Line]) -> Iterator[str]:
    yield f"| {title} | |"
    yield "|---|---|"
    for name, value in lines:
        yield f"| {name} | {value} |"


SETTING: Final = (
    ("seed", "{plan[seed]}"),
    ("cores for broker, workers and test", "{machine[cores]}"),
    ("system", "{machine[system]}, Python {machine[python]}"),
    ("broker", "{machine[broker]}"),
    ("brokers, of which one at a time is hurt", "{plan[brokers]}"),
    ("workers", "{plan[workers]}, on {plan[partitions]} partitions"),
    ("session of a worker", "{plan[session_s]:g} s"),
    ("time-out of a transaction", "{transaction_s:g} s"),
    ("events", "{published:,}"),
    ("published in transactions that were aborted, beside them", "{aborted:,}"),
    ("published again, as sending them had failed", "{doubtful:,}"),
    ("from the first event to the last journal record", "{seconds:,.0f} s, faults included"),
)
DONE: Final = (
    ("`kill -9` of a worker", "{did[kill]}"),
    ("a worker frozen for longer than its session, and thawed", "{did[freeze]}"),
    ("SIGTERM to a worker", "{did[terminate]}"),
    ("`kill -9` of the broker", "{did[broker kill]}"),
    ("the broker restarted in order", "{did[broker restart]}"),
    ("the broker frozen, and thawed", "{did[broker freeze]}"),
    ("one of several brokers killed or frozen while a worker starts", "{did[broker away]}"),
    ("transactions that a killed worker left open", "{left_open}"),
)
CAME: Final = (
    ("partitions opened", "{logged[partition_opened]}"),
    (
        "ends that the broker forgot, written by the ledger, one a partition",
        "{logged[hanging_transaction_completed]}",
    ),
    ("the same for transactions of the sender, written by the sender", "{hanging}"),
    ("partitions handed over by a fenced writer", "{logged[partition_handed_over]}"),
    ("a worker fenced: somebody else had its partition", "{ends[worker_fenced]}"),
    ("a worker that could not go on: its broker was away", "{ends[worker_cannot_go_on]}"),
    ("a partition stood still for at most", "{silence_s:.1f} s"),
    ("the same where the broker was away", "{silence_broker_s:.1f} s"),
    ("payment orders", "{verified[payment_orders]:,}, of {verified[budgets]} budgets"),
    ("lost, or there twice", "0"),
    ("the proof took", "{proof_s:.0f} s"),
)
"""Each name, and how its figure is printed."""


def _filled(row: Row, lines: Iterable[Line]) -> Iterator[Line]:
    counted: Row = {name: Counter(row[name]) for name in ("did", "logged", "ends")}
    return ((name, figure.format_map(row | counted)) for name, figure in lines)


def _came(row: Row) -> Iterator[Line]:
    yield from _filled(row, CAME)
    for name, count in row["verified"]["outcomes"].items():
        yield f"outcome `{name}`", f"{count:,}"


def _proved(row: Row) -> Iterator[str]:
    verified = row["verified"]
    read = sum(verified["records"].values())
    yield "## What was proved"
    yield ""
    yield (
        f"- **By the verifier**, which shares no code with the ledger, from {read:,} records of"
        f" {len(verified['records'])} topics: each committed input record is journalled"
        " once and in order, none of an aborted transaction is; every chain of hashes, decision,"
        " figure, payment order, refusal, dead letter and published balance follows from them,"
        " once. It found nothing."
    )
    yield (
        "- **Byte for byte**: a ledger that nobody disturbs, run over the same input, writes the"
        " same journal, and its state is what the state topic holds."
    )
    yield "- **By count**: as many records are journalled as the broker acknowledged."
    yield (
        "- **At the end** no transaction is open in any topic, each partition has one owner, and"
        " each worker ends with 0 when it is asked to."
    )
    yield (
        "- **On the way** no worker ended that was not hurt, none wrote an error or a traceback of"
        " its own, held a partition, rebuilt a state or gave up a record."
    )
