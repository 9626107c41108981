"""A year that is closed on one partition, and the next one, which opens on another."""

from typing import Final

from events.topics import (
    BALANCES,
    COMMITMENT_ENTRIES,
    EVENTS,
    INTERNAL_EVENTS,
    JOURNAL,
    LEDGER_STATE,
    REFUSALS,
)
from services.ledger.domain.fiscal_year import next_year
from services.verifier.verify import verify
from tests.builders import (
    Json,
    a_closing,
    a_convention,
    a_payment,
    a_report,
    a_vote,
    an_acknowledgement,
    an_award,
    an_instalment,
)
from tests.kafka.cluster import Cluster, budgets_on, partition_for
from tests.waiting import run

OWN: Final = (JOURNAL, COMMITMENT_ENTRIES, BALANCES, LEDGER_STATE)
"""Where a closing writes on its own partition."""

SETTLED: Final = (*OWN, REFUSALS, INTERNAL_EVENTS, EVENTS)


def the_year(budget: str) -> list[Json]:
    """Up to its closing: 60,000 are ordered and taken in charge, 40,000 wait for a report."""
    later = an_instalment(40_000, "later", documents=[("activity_report", 2023)])
    return [
        a_vote(budget=budget),
        an_award(budget=budget),
        a_convention(budget=budget, instalments=[an_instalment(60_000), later]),
        an_acknowledgement(budget=budget),
        a_closing("all", budget=budget),
    ]


def the_next(budget: str) -> list[Json]:
    return [
        a_report(year=2023, budget=budget),
        an_acknowledgement(order="C/later", budget=budget),
        a_payment(40_000, "C/later", budget=budget),
    ]


def proved(cluster: Cluster, accepted: int) -> None:
    """The verifier finds nothing, and counts so many accepted events."""
    cluster.wait_until_settled(*SETTLED)
    report = run(verify(cluster.bootstrap, cluster.prefix))
    assert [] == [each.row() for each in report.findings]
    assert accepted == report.counted["outcomes"]["accepted"]


def moving_budget(partitions: int) -> str:
    """A budget whose next year lives on another partition."""
    return next(
        name
        for name in budgets_on(0, partitions)
        if partition_for(next_year(name), partitions) != 0
    )
