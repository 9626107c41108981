"""The whole examination: the table of checks on a cluster, and all that was found beside them."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

from services.doctor import certificates, databases, on_kafka, partitions, rights
from services.doctor.judge import Finding, Part, not_made
from services.doctor.scope import CONSUMERS, LEDGER, LIMIT_S, LONG_S, Scope, run_check
from services.doctor.settings import read_configuration
from services.runtime.ops.clock import Clock, wall_clock
from services.runtime.ops.settings import Settings

PATIENCE_S: Final = 12.0
"""For so long a cluster that does not answer is asked again; a worker waits for `give_up_s`."""


class Check(NamedTuple):
    """A check of a cluster that answers."""

    part: Part
    name: str
    make: Callable[[Scope], Awaitable[list[Finding]]]
    limit_s: float | None = None
    """None where the number of brokers says it."""
    is_due: Callable[[Scope], bool] = lambda _scope: True
    """False where nothing of the kind is to be examined."""
    is_missed: bool = True
    """True where a line says that it could not be made."""


CHECKS: Final = (
    Check(Part.KAFKA, "topics", on_kafka.compare_topics),
    Check(Part.KAFKA, "replicas", on_kafka.examine_replicas),
    Check(Part.KAFKA, "limits", on_kafka.compare_limits),
    Check(Part.KAFKA, "transactions", on_kafka.find_open_transactions, LONG_S),
    Check(Part.KAFKA, "clock", on_kafka.compare_clocks),
    Check(Part.KAFKA, "disk", on_kafka.measure_disks),
    Check(Part.KAFKA, "rights", rights.examine),
    Check(
        Part.LEDGER,
        "partition",
        partitions.examine_partitions,
        LONG_S,
        lambda scope: scope.uses(LEDGER),
    ),
    Check(
        Part.CONSUMERS,
        "consumer",
        partitions.examine_consumers,
        LONG_S,
        lambda scope: scope.uses(CONSUMERS) and not scope.before_start,
    ),
    Check(
        Part.CERTIFICATES,
        "certificate",
        certificates.examine_brokers,
        LIMIT_S,
        lambda scope: scope.settings.over_tls,
        is_missed=False,
    ),
)
"""The checks that need a broker, in the order of the output. What each says: `judge`."""


async def examine(
    role: str | None = None,
    *,
    before_start: bool = False,
    form: str = "User:NAME",
    clock: Clock = wall_clock,
) -> list[Finding]:
    """Everything that was found, in the order of its parts.

    Args:
        role: the principal of deploy/acls.yaml as which this is run; None examines for all.
        before_start: True where the services do not run yet.
        form: how the cluster names a principal, as for `acls.wanted`.
        clock: this machine's.
    """
    known = read_configuration()
    patience = {"give_up_s": PATIENCE_S}
    own = known.kafka or Settings.model_construct()
    scope = Scope(own.model_copy(update=patience), role, before_start, form, clock)
    parts = [
        databases.examine(scope, known.urls),
        certificates.examine_files(known.authorities, known.certificates, clock),
    ]
    if known.kafka is not None:
        parts.append(_examine_cluster(scope))
    found = [each for part in await asyncio.gather(*parts) for each in part]
    order = list(Part)
    return sorted([*known.checks, *found], key=lambda each: order.index(each.part))


async def _examine_cluster(scope: Scope) -> list[Finding]:
    reached, found = await on_kafka.examine_brokers(scope)
    due = [each for each in CHECKS if each.is_due(scope)]
    if reached is None:
        for each in due:
            if each.is_missed:
                found += not_made(each.part, [each.name], scope.settings.bootstrap_servers)
        return found
    made = (
        run_check(each.part, each.name, each.make(reached), each.limit_s or reached.limit_s)
        for each in due
    )
    return found + [each for findings in await asyncio.gather(*made) for each in findings]
