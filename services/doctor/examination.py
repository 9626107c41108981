"""The whole examination: every check that can be made, each within its time."""

import asyncio
from typing import Final

from aiokafka.conn import collect_hosts

from services.doctor import databases, on_kafka, partitions, rights
from services.doctor.certificates import of_authorities, of_brokers, of_ours
from services.doctor.checks import Check, Part, not_made
from services.doctor.configuration.reading import Configuration, read_configuration
from services.doctor.scope import CONSUMERS, LEDGER, LONG_S, Scope, made
from services.runtime.kafka.topics import connected
from services.runtime.ops.clock import Clock, wall_clock
from services.runtime.ops.settings import Settings

PATIENCE_S: Final = 12.0
"""For so long a cluster that does not answer is asked again; a worker waits for `give_up_s`."""


async def examine(
    role: str | None = None,
    *,
    before_start: bool = False,
    form: str = "User:NAME",
    clock: Clock = wall_clock,
) -> list[Check]:
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
    parts = [databases.examine(scope, known.urls), _files(known, clock)]
    if known.kafka is not None:
        parts.append(_cluster(scope))
    found = [each for part in await asyncio.gather(*parts) for each in part]
    order = list(Part)
    return sorted([*known.checks, *found], key=lambda each: order.index(each.part))


async def _cluster(scope: Scope) -> list[Check]:
    reached, found = await on_kafka.examine(scope)
    ledger, consumers = scope.uses(LEDGER), scope.uses(CONSUMERS) and not scope.before_start
    if reached is None:
        where = scope.settings.bootstrap_servers
        found += not_made(Part.KAFKA, ["rights"], where)
        found += not_made(Part.LEDGER, ["partition"] * ledger, where)
        found += not_made(Part.CONSUMERS, ["consumer"] * consumers, where)
        return found
    scope = reached
    checks = [made(Part.KAFKA, "rights", rights.examine(scope), scope.limit_s)]
    if ledger:
        checks.append(made(Part.LEDGER, "partition", partitions.agreement(scope), LONG_S))
    if consumers:
        checks.append(made(Part.CONSUMERS, "consumer", partitions.consumers(scope), LONG_S))
    if scope.settings.over_tls:
        checks.append(made(Part.CERTIFICATES, "certificate", _brokers(scope)))
    for each in await asyncio.gather(*checks):
        found += each
    return found


async def _brokers(scope: Scope) -> list[Check]:
    """The certificates of the addresses of the settings, and of those that the cluster names."""
    named = collect_hosts(scope.settings.bootstrap_servers)
    async with connected(scope.settings) as cluster:
        addresses = {*(f"{host}:{port}" for host, port, _ in named), *cluster.brokers.values()}
    return await of_brokers(scope.settings, sorted(addresses), scope.clock)


async def _files(known: Configuration, clock: Clock) -> list[Check]:
    """The certificates in the files of the settings."""
    found: list[Check] = []
    for file in known.authorities:
        found += await made(Part.CERTIFICATES, "certificate", of_authorities(file, clock))
    for file in known.certificates:
        found += await made(Part.CERTIFICATES, "certificate", of_ours(file, clock))
    return found
