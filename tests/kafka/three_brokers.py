"""A cluster of three brokers from their jars, of which a test may take one away at a time."""

import itertools
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Final, Self

from services.dev import local_broker
from services.dev.local_broker import HOST, QUICK, free_port
from tests.kafka.brokers import KAFKA, SETTINGS, JarBroker, java_for_jars
from tests.kafka.faults.network import Network

BROKERS: Final = 3
MEMORY: Final = ("-Xms128m", "-Xmx256m")
"""Three of them share a machine with all else."""

REPLICATED: Final = {
    "default.replication.factor": "3",
    "min.insync.replicas": "2",
    "offsets.topic.replication.factor": "3",
    "transaction.state.log.replication.factor": "3",
    "transaction.state.log.min.isr": "2",
    "share.coordinator.state.topic.replication.factor": "3",
    "share.coordinator.state.topic.min.isr": "2",
    # Kafka's own: for so long the others believe in one that is away, and name it to clients.
    "broker.session.timeout.ms": "9000",
    "broker.heartbeat.interval.ms": "2000",
    # Leaders go where they belong soon: Kafka looks every five minutes.
    "leader.imbalance.check.interval.seconds": "3",
    "leader.imbalance.per.broker.percentage": "0",
}
"""Whatever is acknowledged stands on two of them: one may go."""


PROTOCOLS: Final = "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,BY_PROXY:PLAINTEXT"


class ThreeBrokers:
    """Three brokers that are one cluster; each of them is controller too.

    For who knows one broker it is one: what is done to it is done to one of the three, another each
    time, and `restart`, `thaw` and `revive` bring that one back.
    """

    provider = "jars"

    def __init__(self, folder: Path) -> None:
        java = java_for_jars()
        self.network = Network(BROKERS)
        """By which processes come that know `network.bootstrap`; the brokers' own way is direct."""
        controllers = [free_port() for _ in range(BROKERS)]
        voters = ",".join(f"{each}@{HOST}:{port}" for each, port in enumerate(controllers, 1))
        self.brokers: list[JarBroker] = []
        for number, controller in enumerate(controllers, 1):
            port = free_port()
            by_proxy = self.network.broker_ports[number - 1]
            proxy = self.network.ports[number - 1]
            clients = f"PLAINTEXT://{HOST}:{port},BY_PROXY://{HOST}:{by_proxy}"
            own = {
                "node.id": str(number),
                "broker.rack": f"rack-{number}",
                "controller.quorum.voters": voters,
                "listeners": f"{clients},CONTROLLER://{HOST}:{controller}",
                "advertised.listeners": f"PLAINTEXT://{HOST}:{port},BY_PROXY://{HOST}:{proxy}",
                "listener.security.protocol.map": PROTOCOLS,
            }
            self.brokers.append(
                JarBroker(
                    folder / f"broker-{number}",
                    KAFKA / "libs",
                    port,
                    java=java,
                    java_options=(*MEMORY, *QUICK[len(local_broker.MEMORY) :]),
                    settings={**SETTINGS, **REPLICATED, **own},
                )
            )
        self._cycle = itertools.cycle(self.brokers)
        self.chosen = self.brokers[-1]
        """The one that something was done to last."""

    @property
    def bootstrap(self) -> str:
        """All of them."""
        return ",".join(each.bootstrap for each in self.brokers)

    def __enter__(self) -> Self:
        with ExitStack() as started:
            started.push(self)  # If one does not start, the others are ended.
            self.network.__enter__()
            self._all(JarBroker.launch)
            self._all(JarBroker.wait_until_it_answers)
            started.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        # What they keep is nobody's: in order, each would wait for the others.
        self._all(JarBroker.kill)
        self.network.__exit__()

    def kill(self) -> None:
        self.chosen = next(self._cycle)
        self.chosen.kill()

    def restart(self) -> None:
        """The one that was killed; where none was, the next one, in order."""
        if self.chosen.pid is not None:
            self.chosen = next(self._cycle)
        self.chosen.restart()

    def freeze(self) -> None:
        self.chosen = next(self._cycle)
        self.chosen.freeze()

    def thaw(self) -> None:
        self.chosen.thaw()

    def revive(self) -> None:
        for each in self.brokers:
            each.revive()

    def _all(self, do: Callable[[JarBroker], None]) -> None:
        for each in self.brokers:
            do(each)
