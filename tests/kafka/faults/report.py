"""The figures of a fault-injection run, as a table."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final

Row = dict[str, Any]
"""A run as its JSON: `plan.Figures.row`, with `machine` beside it."""

Line = tuple[str, str]


def table(row: Row) -> str:
    """What was done and what came of it, line by line."""
    lines = [*_filled(row, SETTING), *_done(row), *_came(row)]
    width = max(len(name) for name, _ in lines)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in lines)


def again(plan: Row) -> str:
    """The command that does it again."""
    brokers = " BROKERS=3" if plan["brokers"] > 1 else ""
    asked = f"FAULTS={plan['faults']} EVENTS={plan['events']} SEED={plan['seed']}"
    return f"make faults {asked}{brokers}"


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
    ("kill -9 of a worker", "{did[kill]}"),
    ("a worker frozen for longer than its session, and thawed", "{did[freeze]}"),
    ("SIGTERM to a worker", "{did[terminate]}"),
    ("kill -9 of the broker", "{did[broker kill]}"),
    ("the broker restarted in order", "{did[broker restart]}"),
    ("the broker frozen, and thawed", "{did[broker freeze]}"),
    ("transactions that a killed worker left open", "{left_open}"),
)
OF_THREE: Final = (
    ("a worker paused for less than its session", "{did[pause]}"),
    ("one of three brokers killed or frozen while a worker starts", "{did[broker away]}"),
    ("two of three brokers killed", "{did[two brokers killed]}"),
    ("three brokers restarted, one after another", "{did[brokers one after another]}"),
    ("all leaders moved to other brokers", "{did[leaders moved]}"),
    ("connections cut", "{did[connections cut]}"),
    ("connections stalled, for up to {plan[stall_s_max]:g} s", "{did[connections stalled]}"),
    ("connections delayed", "{did[connections delayed]}"),
    ("answers cut in half", "{did[answers halved]}"),
    ("kill -9 of projector, watch or API", "{did[reader kill]}"),
    ("projector, watch or API frozen for longer than a session", "{did[reader freeze]}"),
    ("projector, watch or API paused for less", "{did[reader pause]}"),
    ("PostgreSQL killed", "{did[database crash]}"),
    ("PostgreSQL ended in order, and started", "{did[database restart]}"),
    ("PostgreSQL killed, and a copy that followed in its place", "{did[database failover]}"),
    ("the disk of a broker full", "{did[broker disk]}"),
    ("the disk of PostgreSQL full", "{did[database disk]}"),
    ("the disk of an export full", "{did[export disk]}"),
    ("the clock of a worker an hour forward and back", "{did[clock]}"),
)
CAME: Final = (
    ("partitions opened", "{logged[partition_opened]}"),
    (
        "ends that the broker forgot, written by the ledger, one a partition",
        "{logged[hanging_transaction_completed]}",
    ),
    ("the same for transactions of the sender, written by the sender", "{hanging}"),
    ("partitions handed over by a fenced writer", "{logged[partition_handed_over]}"),
    ("partitions that a thawed worker took, opened again", "{logged[partition_taken]}"),
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
    facts = row | counted
    return ((name.format_map(facts), figure.format_map(facts)) for name, figure in lines)


def _done(row: Row) -> Iterator[Line]:
    return _filled(row, (*DONE, *(OF_THREE if row["plan"]["brokers"] > 1 else ())))


def _came(row: Row) -> Iterator[Line]:
    yield from _filled(row, CAME)
    for name, count in row["verified"]["outcomes"].items():
        yield f"outcome {name}", f"{count:,}"
