"""What TLS and a login cost the ledger: the same worker by both listeners of one broker.

It drains the same events by each, in pairs that begin with one and with the other in turn. What
feeds and watches it uses the listener without TLS in both.
"""

from dataclasses import replace
from statistics import median
from typing import Final

from bench.kafka import contenders, figures, stream
from bench.kafka.brokers import SecuredBroker
from bench.kafka.contenders import Pace, Site
from bench.kafka.figures import Figures
from bench.kafka.progress import Progress

PLAIN, SECURED = "plain", "secured"
NAMES: Final = {PLAIN: "by PLAINTEXT", SECURED: "by SASL_SSL"}


async def security(site: Site, pairs: int, progress: Progress) -> Figures:
    """The figures of both, and their ratios pair by pair.

    Raises:
        BenchFailed: a worker did not do its work.
    """
    budgets = stream.budgets_of(site.events)
    stream.write(site.opening, stream.opening(budgets))
    stream.write(site.stream, stream.stream(site.events, budgets))
    paces: dict[str, list[Pace]] = {PLAIN: [], SECURED: []}
    with SecuredBroker(site.folder / "secured-broker") as broker:
        plain = replace(site, bootstrap=broker.bootstrap, broker_pid=broker.pid)
        sites = {PLAIN: plain, SECURED: replace(plain, login=broker.login)}
        for number in range(pairs):
            for kind in (PLAIN, SECURED) if number % 2 == 0 else (SECURED, PLAIN):
                progress.begins(f"the ledger {NAMES[kind]}, {number + 1} of {pairs}")
                ran = await contenders.ledger(sites[kind], f"{kind}-{number}", "first")
                paces[kind].append(ran.pace)
                progress.came(ran.pace.per_s)
    both = list(zip(paces[SECURED], paces[PLAIN], strict=True))
    ratios = [with_it.per_s / without.per_s for with_it, without in both]
    rows = {kind: figures.row(each) for kind, each in paces.items()}
    return {
        **rows,
        "ratios": ratios,
        "security_ratio": median(ratios),
        "worker_cpu_ratio": median(_ratio(w.had.own_s, p.had.own_s) for w, p in both),
        "broker_cpu_ratio": median(_ratio(w.had.broker_s, p.had.broker_s) for w, p in both),
    }


def _ratio(part_s: float, whole_s: float) -> float:
    """Zero where the work was too little for the clock of processor time."""
    return part_s / whole_s if whole_s else 0.0
