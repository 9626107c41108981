"""`ecluse dev`: a broker, the topics, a ledger and a watch on this machine, until Ctrl-C."""

import asyncio
import os
import signal
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
from services.runtime.local_broker import HOST, LocalBroker, free_port
from services.runtime.settings import Settings
from services.runtime.topics import apply

DEV_PARTITIONS: Final = 4
READY_S: Final = 60.0
STOP_S: Final = 30.0
LOOK_S: Final = 0.2

KAFKA: Final = Path(events.__file__).parent.parent / "deploy" / "kafka"

FETCHING = Sentence("les jars de Kafka", "Kafka's jars")
STARTING = Sentence("le serveur Kafka", "the Kafka broker")
MAKING_TOPICS = Sentence("les topics", "the topics")
STARTING_SERVICES = Sentence("ledger et watch", "ledger and watch")
READY = Sentence(
    """Écluse tourne sur cette machine. Ctrl-C arrête tout et ne laisse rien.

  Kafka     {bootstrap}
  ledger    {ledger}/partitions
  watch     {watch}/balances/BUDGET
  journaux  {logs}

Dans un autre terminal :
  export ECLUSE_BOOTSTRAP_SERVERS={bootstrap}
  ecluse publish schemas/examples/lille-avenirs-2023.jsonl
  ecluse balances""",
    """Écluse runs on this machine. Ctrl-C stops it all and leaves nothing behind.

  Kafka     {bootstrap}
  ledger    {ledger}/partitions
  watch     {watch}/balances/BUDGET
  logs      {logs}

In another terminal:
  export ECLUSE_BOOTSTRAP_SERVERS={bootstrap}
  ecluse publish schemas/examples/lille-avenirs-2023.jsonl
  ecluse balances""",
)
NO_CHECKOUT = Sentence(
    "il n'y est pas : ecluse dev demande les sources d'Écluse",
    "it is not there: ecluse dev needs a checkout of Écluse",
)
ENDED = Sentence(
    "{name} s'est arrêté (code {code}). La fin de son journal :\n{tail}",
    "{name} ended (exit code {code}). The end of its log:\n{tail}",
)
NOT_READY = Sentence(
    "{name} n'est pas prêt après {limit_s:g} s. La fin de son journal :\n{tail}",
    "{name} is not ready after {limit_s:g} s. The end of its log:\n{tail}",
)


class Service(NamedTuple):
    """A role that runs as a process of its own."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    ready_url: str


def dev(
    context: typer.Context,
    port: Annotated[
        int | None, typer.Option(metavar="PORT", help="Kafka's port; else a free one.")
    ] = None,
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    """Run everything on this machine: Kafka, topics, ledger and watch; Ctrl-C ends it all."""
    language = chosen_language(context, lang)
    # `docker stop` and `kill` clean up as Ctrl-C does.
    signal.signal(signal.SIGTERM, _interrupted)
    try:
        with ExitStack() as running:
            _run(running, port, language, as_json)
    except KeyboardInterrupt:
        return


def _run(running: ExitStack, port: int | None, language: Language, as_json: bool) -> None:
    folder = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="ecluse-dev-")))
    broker = _broker(folder, port, language)
    running.callback(broker.stop)
    with busy(told(STARTING, language)):
        broker.start()
    settings = Settings(bootstrap_servers=broker.bootstrap)
    with busy(told(MAKING_TOPICS, language)):
        asked = Asked(partitions=DEV_PARTITIONS, replication_factor=1)
        asyncio.run(apply(read_catalogue(), settings, asked))
    health, web = free_port(), free_port()
    ledger = running.enter_context(
        _service("ledger", folder, broker, {"ECLUSE_HEALTH_PORT": str(health)}, health)
    )
    watch = running.enter_context(
        _service("watch", folder, broker, {"ECLUSE_WATCH_WEB_PORT": str(web)}, web)
    )
    with busy(told(STARTING_SERVICES, language)):
        _wait_until_ready([ledger, watch])
    where = {
        "bootstrap": broker.bootstrap,
        "ledger": f"http://{HOST}:{health}",
        "watch": f"http://{HOST}:{web}",
        "logs": str(folder),
    }
    if as_json:
        print_json(where)
    else:
        typer.echo(told(READY.render(where), language))
    sys.stdout.flush()
    _watch_over([ledger, watch])


def _broker(folder: Path, port: int | None, language: Language) -> LocalBroker:
    pom = KAFKA / "pom.xml"
    if not pom.exists():
        raise ClusterError(pom, NO_CHECKOUT)
    java = find_java()
    libs = KAFKA / "libs"
    with busy(told(FETCHING, language)):
        fetch_jars(libs, pom=pom, java=java)
    return LocalBroker(folder / "kafka", libs, port, java=java)


@contextmanager
def _service(
    name: str, folder: Path, broker: LocalBroker, variables: Mapping[str, str], port: int
) -> Iterator[Service]:
    """A role of this very program, stopped when we stop."""
    log = folder / f"{name}.log"
    with log.open("wb") as written:
        process = subprocess.Popen(  # noqa: S603 # ourselves
            [sys.executable, "-m", "services.cli.app", name],
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=subprocess.STDOUT,
            env={
                **os.environ,
                "ECLUSE_BOOTSTRAP_SERVERS": broker.bootstrap,
                "ECLUSE_INSTANCE": f"dev-{name}",
                **variables,
            },
            # Ctrl-C reaches us alone; we end the others in order.
            start_new_session=True,
        )
    try:
        yield Service(name, process, log, f"http://{HOST}:{port}/readyz")
    finally:
        process.terminate()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_ready(services: list[Service]) -> None:
    until_s = time.monotonic() + READY_S
    for service in services:
        while not _is_ready(service):
            _check_alive(service)
            if time.monotonic() > until_s:
                facts = {"name": service.name, "limit_s": READY_S, "tail": _tail(service.log)}
                raise ClusterError("ecluse dev", NOT_READY.render(facts))
            time.sleep(LOOK_S)


def _watch_over(services: list[Service]) -> None:
    while True:
        for service in services:
            _check_alive(service)
        time.sleep(LOOK_S)


def _check_alive(service: Service) -> None:
    code = service.process.poll()
    if code is not None:
        facts = {"name": service.name, "code": code, "tail": _tail(service.log)}
        raise ClusterError("ecluse dev", ENDED.render(facts))


def _is_ready(service: Service) -> bool:
    try:
        with urlopen(service.ready_url, timeout=1) as answer:  # noqa: S310 # our own, on this machine
            return bool(answer.status == 200)  # noqa: PLR2004
    except (URLError, OSError):
        return False


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-15:])


def _interrupted(_number: int, _frame: Any) -> None:
    raise KeyboardInterrupt
