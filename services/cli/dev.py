"""`ecluse dev`: a broker, the topics, ledger, watch and projector here, until Ctrl-C."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple
from urllib.error import URLError
from urllib.request import urlopen

import typer

import events
from events.sentences import Sentence
from services.cli.options import AsJson, Lang, chosen_language
from services.cli.output import busy, print_json
from services.cli.wording import Language, told
from services.runtime.catalogue import read_catalogue
from services.runtime.differences import Asked
from services.runtime.errors import ClusterError
from services.runtime.jars import fetch_jars, find_java
from services.runtime.local_broker import HOST, LocalBroker, dies_with_us, free_port
from services.runtime.settings import Settings
from services.runtime.topics import apply

DEV_PARTITIONS: Final = 4
READY_S: Final = 90.0
STOP_S: Final = 30.0
LOOK_S: Final = 0.2
WATCH_S: Final = 0.5
TAIL_LINES: Final = 15

KAFKA: Final = Path(events.__file__).parent.parent / "deploy" / "kafka"

ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Ctrl-C, `kill` or `docker stop`, and a terminal that is closed: each ends all in order."""

FETCHING = Sentence("les jars de Kafka", "Kafka's jars")
STARTING = Sentence("le serveur Kafka", "the Kafka broker")
MAKING_TOPICS = Sentence("les topics", "the topics")
STARTING_SERVICES = Sentence("ledger, watch et projector", "ledger, watch and projector")
STOPPING = Sentence("arrêt", "stopping")
READY = Sentence(
    """Écluse tourne sur cette machine. Ctrl-C arrête tout et ne laisse rien.

  Kafka     {bootstrap}
  ledger    {ledger}/partitions
  watch     {watch}/balances/BUDGET
  projector {projector}/partitions
  tables    {database}
  journaux  {logs}

Dans un autre terminal\u00a0:
  {exports}
  ecluse publish schemas/examples/lille-avenirs-2023.jsonl
  ecluse balances""",
    """Écluse runs on this machine. Ctrl-C stops it all and leaves nothing behind.

  Kafka     {bootstrap}
  ledger    {ledger}/partitions
  watch     {watch}/balances/BUDGET
  projector {projector}/partitions
  tables    {database}
  logs      {logs}

In another terminal:
  {exports}
  ecluse publish schemas/examples/lille-avenirs-2023.jsonl
  ecluse balances""",
)
NO_CHECKOUT = Sentence(
    "il n'y est pas\u00a0: ecluse dev demande les sources d'Écluse",
    "it is not there: ecluse dev needs a checkout of Écluse",
)
TAKEN = Sentence(
    "ce port est déjà pris. Laissez --port de côté, et un port libre est choisi",
    "this port is taken. Leave --port out, and a free one is chosen",
)
ENDED = Sentence(
    "{name} s'est arrêté{how}. La fin de son journal\u00a0:\n{tail}",
    "{name} ended{how}. The end of its log:\n{tail}",
)
CODE = Sentence(" (code {code})", " (exit code {code})")
SIGNAL = Sentence(" (signal {code})", " (signal {code})")
NOT_READY = Sentence(
    "{name} n'est pas prêt après {limit_s:g} s. La fin de son journal\u00a0:\n{tail}",
    "{name} is not ready after {limit_s:g} s. The end of its log:\n{tail}",
)


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
    def held_back(self) -> Iterator[None]:
        """What begins here is finished first: a process is started, and known."""
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


class Service(NamedTuple):
    """A role that runs as a process of its own."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    ready_url: str


def dev(
    context: typer.Context,
    port: Annotated[
        int | None,
        typer.Option(metavar="PORT", min=1, max=65535, help="Kafka's port; else a free one."),
    ] = None,
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    """Run Kafka, topics, ledger, watch and projector on this machine; Ctrl-C ends it all.

    Needs Java 17, and Maven the first time. --json prints where everything is.
    Its topics' names begin with ECLUSE_TOPIC_PREFIX; ECLUSE_BOOTSTRAP_SERVERS is ignored.
    """
    language = chosen_language(context, lang)
    interruption = Interruption()
    interruption.listen()
    running = ExitStack()
    try:
        _run(running, interruption, port, language, as_json)
    except KeyboardInterrupt:
        pass
    finally:
        interruption.hold_for_good()
        with busy(told(STOPPING, language)):
            running.close()


def _run(
    running: ExitStack,
    interruption: Interruption,
    port: int | None,
    language: Language,
    as_json: bool,
) -> None:
    with interruption.held_back():
        folder = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="ecluse-dev-")))
    broker = _broker(folder, port, language)
    running.callback(broker.stop)
    with busy(told(STARTING, language)):
        broker.start()
    settings = Settings(bootstrap_servers=broker.bootstrap)
    with busy(told(MAKING_TOPICS, language)):
        asked = Asked(partitions=DEV_PARTITIONS, replication_factor=1)
        asyncio.run(apply(read_catalogue(), settings, asked))
    ports = {name: free_port() for name in ("ledger", "watch", "projector")}
    database = _read_model(folder)
    variables = _variables(ports, database)
    shared = {"ECLUSE_BOOTSTRAP_SERVERS": broker.bootstrap, "ECLUSE_LANG": language.value}
    services: list[Service] = []
    running.callback(_end, services, broker)
    for name, own in variables.items():
        with interruption.held_back():
            services.append(_service(name, folder, {**shared, **own}, ports[name]))
    with busy(told(STARTING_SERVICES, language)):
        _wait_until_ready(services, broker)
    where = {
        "bootstrap": broker.bootstrap,
        **{name: f"http://{HOST}:{of_it}" for name, of_it in ports.items()},
        "database": database,
        "logs": str(folder),
    }
    if as_json:
        print_json(where)
    else:
        typer.echo(told(READY.render({**where, "exports": _exports(settings)}), language))
    sys.stdout.flush()
    while True:
        _check(services, broker)
        time.sleep(WATCH_S)


def _read_model(folder: Path) -> str:
    """The URL of the read model: a file, since a machine need not have a PostgreSQL."""
    of_it = folder / "read-model"
    of_it.mkdir()
    return f"sqlite:///{of_it / 'read.db'}"


def _variables(ports: Mapping[str, int], database: str) -> dict[str, dict[str, str]]:
    """What each service is told alone."""

    def health(name: str) -> dict[str, str]:
        return {"ECLUSE_HEALTH_HOST": HOST, "ECLUSE_HEALTH_PORT": str(ports[name])}

    web = {"ECLUSE_WATCH_WEB_BIND": HOST, "ECLUSE_WATCH_WEB_PORT": str(ports["watch"])}
    return {
        "ledger": health("ledger"),
        "watch": web,
        "projector": {**health("projector"), "ECLUSE_DATABASE_URL": database},
    }


def _exports(settings: Settings) -> str:
    """What another terminal needs to find this cluster."""
    lines = [f"export ECLUSE_BOOTSTRAP_SERVERS={settings.bootstrap_servers}"]
    if settings.topic_prefix:
        lines.append(f"export ECLUSE_TOPIC_PREFIX={settings.topic_prefix}")
    return "\n  ".join(lines)


def _broker(folder: Path, port: int | None, language: Language) -> LocalBroker:
    pom = KAFKA / "pom.xml"
    if not pom.exists():
        raise ClusterError(pom, NO_CHECKOUT)
    if port is not None and _is_taken(port):
        # Another broker may listen there, and would pass for ours.
        raise ClusterError(f"{HOST}:{port}", TAKEN)
    java = find_java()
    libs = KAFKA / "libs"
    with busy(told(FETCHING, language)):
        fetch_jars(libs, pom=pom, java=java)
    return LocalBroker(folder / "kafka", libs, port, java=java)


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return True
    return False


def _service(name: str, folder: Path, variables: Mapping[str, str], port: int) -> Service:
    """A role of this very program."""
    log = folder / f"{name}.log"
    with log.open("wb") as written:
        process = subprocess.Popen(  # noqa: S603 # ourselves
            [*dies_with_us(), sys.executable, "-m", "services.cli.app", name],
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=subprocess.STDOUT,
            env={**os.environ, "ECLUSE_INSTANCE": f"dev-{name}", **variables},
            # Ctrl-C reaches us alone; we end the others in order.
            start_new_session=True,
        )
    return Service(name, process, log, f"http://{HOST}:{port}/readyz")


def _end(services: list[Service], broker: LocalBroker) -> None:
    """End them side by side: in order, and by force where that takes too long."""
    # Without a broker there is nothing that they could finish, and they would wait for it.
    limit_s = STOP_S if _listens(broker.port) else 0.0
    for service in services:
        service.process.terminate()
    until_s = time.monotonic() + limit_s
    for service in services:
        try:
            service.process.wait(max(until_s - time.monotonic(), 0))
        except subprocess.TimeoutExpired:
            service.process.kill()
            service.process.wait()


def _wait_until_ready(services: list[Service], broker: LocalBroker) -> None:
    until_s = time.monotonic() + READY_S
    for service in services:
        while not _is_ready(service):
            _check(services, broker)
            if time.monotonic() > until_s:
                facts = {"name": service.name, "limit_s": READY_S, "tail": _tail(service.log)}
                raise ClusterError("ecluse dev", NOT_READY.render(facts))
            time.sleep(LOOK_S)


def _check(services: list[Service], broker: LocalBroker) -> None:
    """That all run that should.

    Raises:
        ClusterError: one has ended; its last words.
    """
    if not _listens(broker.port):
        raise _ended("Kafka", Sentence("", ""), broker.log)
    for service in services:
        code = service.process.poll()
        if code is not None:
            how = (SIGNAL if code < 0 else CODE).render({"code": abs(code)})
            raise _ended(service.name, how, service.log)


def _ended(name: str, how: Sentence, log: Path) -> ClusterError:
    facts = {"name": name, "tail": _tail(log)}
    said = Sentence(
        ENDED.fr.format(how=how.fr, **facts),
        ENDED.en.format(how=how.en, **facts),
    )
    return ClusterError("ecluse dev", said)


def _listens(port: int) -> bool:
    """Whether somebody has that port: one who is slow to answer has it too."""
    try:
        with socket.create_connection((HOST, port), timeout=1):
            return True
    except ConnectionRefusedError:
        return False
    except OSError:
        return True


def _is_ready(service: Service) -> bool:
    try:
        with urlopen(service.ready_url, timeout=1) as answer:  # noqa: S310 # our own, on this machine
            return bool(answer.status == 200)  # noqa: PLR2004
    except (URLError, OSError):
        return False


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-TAIL_LINES:])
