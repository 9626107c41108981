"""`ecluse dev`: a broker, topics, ledger, watch, read model, treasury and API, until Ctrl-C."""

import asyncio
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, Any, Final, NoReturn

import typer

import events
from events.texts import _
from services.cli.terminal.options import AsJson, find_language
from services.cli.terminal.output import print_json, say, show_spinner
from services.dev.jars import fetch_jars, find_java
from services.dev.local_broker import HOST, LocalBroker, free_port
from services.dev.services import Services, is_taken
from services.runtime.kafka.topic_catalogue import TopicOptions, read_catalogue
from services.runtime.kafka.topics import apply
from services.runtime.ops.errors import ClusterError
from services.runtime.ops.settings import Settings

DEV_PARTITIONS: Final = 4
WATCH_S: Final = 0.5
BROKER_STOP_S: Final = 3.0
"""Seconds in which the broker may end, after the services: its data goes with it."""

ROLES: Final = ("ledger", "watch", "projector", "treasury", "api")

KAFKA: Final = Path(events.__file__).parent.parent / "deploy" / "kafka"

ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Ctrl-C, `kill` or `docker stop`, and a terminal that is closed: each ends all in order."""

FETCHING = _("Kafka's jars")
STARTING = _("the Kafka broker")
MAKING_TOPICS = _("the topics")
STARTING_SERVICES = _("ledger, watch, projector, treasury and API")
STOPPING = _("stopping")
READY = _("""Écluse runs on this machine. Ctrl-C stops it all and leaves nothing behind.

  console   {api}/console  (no key is asked; for this machine alone)
  lag       {api}/console/lag
  API       {api}/docs
  Kafka     {bootstrap}
  ledger    {ledger}/partitions
  watch     {watch}/balances/BUDGET
  projector {projector}/partitions
  treasury  {treasury}/partitions
  tables    {database}
  logs      {logs}

In another terminal:
  {exports}
  ecluse publish schemas/examples/lille-avenirs-2023.jsonl
  ecluse balances
  ecluse lag""")
NO_CHECKOUT = _("it is not there: ecluse dev needs a checkout of Écluse")
TAKEN = _("this port is taken. Leave {option} out, and a free one is chosen")


class Interruption:
    """Signals that end the command: the first as KeyboardInterrupt, unless it is held back."""

    def __init__(self) -> None:
        self._held = False
        self._came = False

    def listen(self) -> None:
        """Hear them from now on; under `nohup` a terminal may close."""
        for each in ENDING:
            if each is not signal.SIGHUP or signal.getsignal(each) is not signal.SIG_IGN:
                # A shell's `&` turns Ctrl-C off: this command ends by it all the same.
                signal.signal(each, self._strike)

    def hold_for_good(self) -> None:
        """Nothing interrupts the cleaning up, nor the end of this process behind it."""
        for each in ENDING:
            signal.signal(each, signal.SIG_IGN)

    @contextmanager
    def hold_back(self) -> Iterator[None]:
        """Finish what begins here first: a process is started, and known."""
        self._held = True
        try:
            yield
        finally:
            self._held = False
        if self._came:
            raise KeyboardInterrupt

    def _strike(self, _number: int, _frame: Any) -> None:
        self._came = True
        if not self._held:
            self._held = True
            raise KeyboardInterrupt


def dev(
    port: Annotated[
        int | None,
        typer.Option(metavar="PORT", min=1, max=65535, help="Kafka's port; else a free one."),
    ] = None,
    api_port: Annotated[
        int | None,
        typer.Option(metavar="PORT", min=1, max=65535, help="Of API and console; else a free one."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run Kafka, ledger, watch, projector, treasury, API and console here, until Ctrl-C.

    Needs Java 17, and Maven the first time. --json prints where everything is. The API asks for no
    key, and answers to this machine alone.
    Its topics' names begin with ECLUSE_TOPIC_PREFIX; ECLUSE_BOOTSTRAP_SERVERS is ignored.
    """
    interruption = Interruption()
    interruption.listen()
    running = ExitStack()
    try:
        _run(running, interruption, port, api_port, as_json=as_json)
    except KeyboardInterrupt:
        pass
    finally:
        interruption.hold_for_good()
        with show_spinner(STOPPING):
            running.close()


def _run(
    running: ExitStack,
    interruption: Interruption,
    port: int | None,
    api_port: int | None,
    *,
    as_json: bool,
) -> NoReturn:
    with interruption.hold_back():
        folder = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="ecluse-dev-")))
    _refuse_taken("--api-port", api_port)
    broker = _broker(folder, port)
    running.callback(broker.stop, BROKER_STOP_S)
    with show_spinner(STARTING):
        broker.start()
    settings = Settings(bootstrap_servers=broker.bootstrap)
    with show_spinner(MAKING_TOPICS):
        asked = TopicOptions(partitions=DEV_PARTITIONS, replication_factor=1)
        asyncio.run(apply(read_catalogue(), settings, asked))
    ports = {name: free_port() for name in ROLES}
    if api_port is not None:
        ports["api"] = api_port
    (folder / "read-model").mkdir()
    # A file, since a machine need not have a PostgreSQL.
    database = f"sqlite:///{folder / 'read-model' / 'read.db'}"
    shared = {
        "ECLUSE_BOOTSTRAP_SERVERS": broker.bootstrap,
        "ECLUSE_LANG": find_language().value,
    }
    services = Services(folder, broker)
    running.callback(services.end)
    for name, own in _variables(ports, database).items():
        with interruption.hold_back():
            services.start(name, {**shared, **own}, ports[name])
    with show_spinner(STARTING_SERVICES):
        services.wait_until_ready()
    where = {
        "bootstrap": broker.bootstrap,
        **{name: f"http://{HOST}:{of_it}" for name, of_it in ports.items()},
        "database": database,
        "logs": str(folder),
    }
    if as_json:
        print_json(where)
    else:
        say(READY.render({**where, "exports": _exports(settings, where)}))
    sys.stdout.flush()
    while True:
        services.check()
        time.sleep(WATCH_S)


def _variables(ports: Mapping[str, int], database: str) -> dict[str, dict[str, str]]:
    """Settings of each service alone."""

    def health(name: str) -> dict[str, str]:
        return {"ECLUSE_HEALTH_HOST": HOST, "ECLUSE_HEALTH_PORT": str(ports[name])}

    web = {
        "ECLUSE_WATCH_WEB_BIND": HOST,
        "ECLUSE_WATCH_WEB_PORT": str(ports["watch"]),
    }
    asks = {"ECLUSE_WATCH_URL": f"http://{HOST}:{ports['watch']}"}
    tables = {"ECLUSE_DATABASE_URL": database}
    # Whoever is on this machine may look: never on another address than this one.
    open_to_all = {"ECLUSE_AUTH": "off", "ECLUSE_API_BIND": HOST}
    return {
        "ledger": health("ledger"),
        "watch": web,
        "projector": {**health("projector"), **tables},
        "treasury": {**health("treasury"), **tables},
        "api": {**tables, **asks, **open_to_all, "ECLUSE_API_PORT": str(ports["api"])},
    }


def _exports(settings: Settings, where: Mapping[str, str]) -> str:
    """Settings with which another terminal finds this cluster, its watch and its tables."""
    lines = [
        f"export ECLUSE_BOOTSTRAP_SERVERS={settings.bootstrap_servers}",
        f"export ECLUSE_WATCH_URL={where['watch']}",
        f"export ECLUSE_CONSOLE_URL={where['api']}",
        f"export ECLUSE_DATABASE_URL={where['database']}",
    ]
    if settings.topic_prefix:
        lines.append(f"export ECLUSE_TOPIC_PREFIX={settings.topic_prefix}")
    return "\n  ".join(lines)


def _broker(folder: Path, port: int | None) -> LocalBroker:
    pom = KAFKA / "pom.xml"
    if not pom.exists():
        raise ClusterError(pom, NO_CHECKOUT)
    _refuse_taken("--port", port)
    java = find_java()
    libs = KAFKA / "libs"
    with show_spinner(FETCHING):
        fetch_jars(libs, pom=pom, java=java)
    return LocalBroker(folder / "kafka", libs, port, java=java)


def _refuse_taken(option: str, port: int | None) -> None:
    if port is not None and is_taken(port):
        # Whoever listens there would pass for ours.
        raise ClusterError(f"{HOST}:{port}", TAKEN.render({"option": option}))
