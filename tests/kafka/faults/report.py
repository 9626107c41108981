"""The figures of a fault-injection run: as a table, and as a page of docs/evidence."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

Row = dict[str, Any]
"""A run as its JSON: `plan.Figures.row`, with `machine` beside it."""

Line = tuple[str, str]

ENDS: Final = {
    "worker_fenced": "fenced: somebody else had its partition",
    "worker_cannot_go_on": "could not go on: its broker was away",
}


def table(row: Row) -> str:
    """What was done and what came of it, line by line."""
    lines = [
        (name.replace("`", ""), value.replace("`", ""))
        for name, value in (*_setting(row), *_done(row), *_came(row))
    ]
    width = max(len(name) for name, _ in lines)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in lines)


def page(row: Row) -> str:
    """The same as Markdown, with what was proved."""
    plan = row["plan"]
    faults, seed = plan["faults"], plan["seed"]
    brokers = " BROKERS=3" if plan.get("brokers", 1) > 1 else ""
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
            *_as_table("the run", _setting(row)),
            "",
            *_as_table("what was done", _done(row)),
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


def _setting(row: Row) -> Iterator[Line]:
    plan, machine = row["plan"], row["machine"]
    yield "seed", f"{plan['seed']}"
    yield "cores for broker, workers and test", f"{machine['cores']}"
    yield "system", f"{machine['system']}, Python {machine['python']}"
    yield "broker", machine["broker"]
    yield "brokers, of which one at a time is hurt", f"{plan.get('brokers', 1)}"
    yield "workers", f"{plan['workers']}, on {plan['partitions']} partitions"
    yield "session of a worker", f"{plan['session_s']:g} s"
    yield "time-out of a transaction", f"{row['transaction_s']:g} s"
    yield "events", f"{row['published']:,}"
    yield "published in transactions that were aborted, beside them", f"{row['aborted']:,}"
    yield "published again, as sending them had failed", f"{row['doubtful']:,}"
    yield (
        "from the first event to the last journal record",
        f"{row['seconds']:,.0f} s, faults included",
    )


def _done(row: Row) -> Iterator[Line]:
    done: Mapping[str, int] = row["did"]
    for name, logged in (
        ("kill", "`kill -9` of a worker"),
        ("freeze", "a worker frozen for longer than its session, and thawed"),
        ("terminate", "SIGTERM to a worker"),
        ("broker kill", "`kill -9` of the broker"),
        ("broker restart", "the broker restarted in order"),
        ("broker freeze", "the broker frozen, and thawed"),
        ("broker away", "one of several brokers killed or frozen while a worker starts"),
    ):
        yield logged, f"{done.get(name, 0)}"
    yield "transactions that a killed worker left open", f"{row['left_open']}"


def _came(row: Row) -> Iterator[Line]:
    logged: Mapping[str, int] = row["logged"]
    yield "partitions opened", f"{logged.get('partition_opened', 0)}"
    ended = logged.get("hanging_transaction_completed", 0)
    yield "ends that the broker forgot, written by the ledger, one a partition", f"{ended}"
    yield "the same for transactions of the sender, written by the sender", f"{row['hanging']}"
    yield "partitions handed over by a fenced writer", f"{logged.get('partition_handed_over', 0)}"
    for name, count in sorted(row["ends"].items()):
        yield f"workers that ended by themselves, {ENDS.get(name, name)}", f"{count}"
    yield "a partition stood still for at most", f"{row['silence_s']:.1f} s"
    if row["silence_broker_s"]:
        yield "the same where the broker was away", f"{row['silence_broker_s']:.1f} s"
    verified = row["verified"]
    for name, count in verified["outcomes"].items():
        yield f"outcome `{name}`", f"{count:,}"
    yield "payment orders", f"{verified['payment_orders']:,}, of {verified['budgets']} budgets"
    yield "lost, or there twice", "0"
    yield "the proof took", f"{row['proof_s']:.0f} s"


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
