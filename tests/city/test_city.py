"""Three years of a city, however they come: the same figures, and those that its diary adds up."""

import json
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from services.api.adapters.read_model import open_read_model
from services.embedded.ledger_process import EmbeddedLedger, EventFile
from services.ledger.application.restore import open_ledger
from services.ledger.files.stores import SqliteStore
from services.ledger.files.summary import summary
from tests import silence
from tests.api.embedded_ledger import in_a_ledger
from tests.api.environment import HandClock, an_app, asking
from tests.builders import Json, encoded
from tests.city.city import DEAD_LETTER, TODAY, City, Document
from tests.city.three_years import a_city
from tests.integration.command import ecluse
from tests.unit.tables.good_input import EACH_TYPE

no_logs = silence.no_logs
NOW = datetime(TODAY.year, TODAY.month, TODAY.day, 12, tzinfo=UTC)
BODY_LINES = 200
EVENTS_OF_FILE = {"Content-Type": "application/x-ndjson"}


@pytest.fixture(scope="module")
def city() -> City:
    return a_city()


@pytest.fixture(scope="module")
def replayed(city: City, tmp_path_factory: pytest.TempPathFactory) -> Json:
    """All three years from one file, and what a watch says on the last day."""
    folder = tmp_path_factory.mktemp("city")
    lines = [*chain(*city.files()), *map(encoded, city.deadlines())]
    return replay(written(folder / "all.jsonl", lines))


def written(file: Path, lines: Iterable[bytes]) -> Path:
    file.write_bytes(b"".join(line + b"\n" for line in lines))
    return file


def in_three(city: City, folder: Path) -> list[Path]:
    parts = enumerate(city.files(), 1)
    return [written(folder / f"year-{number}.jsonl", lines) for number, lines in parts]


def replay(*files: Path) -> Json:
    found: Json = json.loads(ecluse("replay", *files, "--json").out)
    return found


def figures(found: Json) -> list[Any]:
    """What must be the same wherever the events came from: money, orders, what is late."""
    return [*(found[name] for name in ("lines", "conventions", "payment_orders")), late(found)]


def late(found: Json) -> set[Document]:
    """The documents that are flagged as late."""
    return {
        Document(flag["budget"], flag["facts"]["convention"], document["kind"], document["year"])
        for flag in found["review_flags"]
        if flag["code"] == "report_late"
        for document in flag["facts"]["documents"]
    }


def kept_in(folder: Path) -> Json:
    """The figures of an embedded ledger's file."""
    store = SqliteStore(folder / "ledger.db", create=False)
    try:
        return summary(open_ledger(store), store.journal())
    finally:
        store.close()


def test_every_type_of_event_happens_in_the_city(city: City) -> None:
    types = {each.event["type"] for each in city.said if isinstance(each.event, dict)}
    types |= {each["type"] for each in city.deadlines()}
    assert {each["type"] for each in EACH_TYPE} == types


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_city_of_another_seed_adds_up_too(seed: int, tmp_path: Path) -> None:
    city = a_city(seed)
    lines = [*chain(*city.files()), *map(encoded, city.deadlines())]
    check_sums(city, replay(written(tmp_path / "all.jsonl", lines)))


def test_the_ledger_says_what_the_diary_adds_up(city: City, replayed: Json) -> None:
    check_sums(city, replayed)


def check_sums(city: City, found: Json) -> None:
    assert dict(city.outcomes()) == {name: n for name, n in found["outcomes"].items() if n}
    refused = Counter(row["code"] for row in found["refusals"])
    assert city.refusals() == refused
    assert city.paid_cents == summed(found["lines"], "paid_cents")
    carried = summed(found["conventions"], "carried_over_cents", "convention")
    assert city.carried_cents == +carried
    assert city.conventions == {(row["budget"], row["convention"]) for row in found["conventions"]}
    assert city.orders == {
        (row["budget"], row["payment_order"]): (
            row["state"],
            row["amount_cents"],
            row["paid_cents"],
        )
        for row in found["payment_orders"]
    }
    assert set(city.late()) == late(found)


def summed(rows: list[Json], figure: str, *names: str) -> Counter[Any]:
    """The sum of a figure, by budget or by budget and what else is named."""
    sums: Counter[Any] = Counter()
    for row in rows:
        key = tuple(row[name] for name in ("budget", *names))
        sums[key if names else key[0]] += row[figure]
    return sums


def test_three_files_give_what_one_gives(city: City, replayed: Json, tmp_path: Path) -> None:
    files = in_three(city, tmp_path)
    deadlines = written(tmp_path / "deadlines.jsonl", map(encoded, city.deadlines()))
    found = replay(*files, deadlines)
    # An unreadable line stands at another place of another file.
    assert replayed | {"dead_letters": found["dead_letters"]} == found


def test_loaded_without_kafka_it_is_the_same(city: City, replayed: Json, tmp_path: Path) -> None:
    files = [EventFile(each, each.name) for each in in_three(city, tmp_path)]
    in_a_ledger(tmp_path, lambda ledger: ledger.write_deadline_events(HandClock(NOW)), files)
    assert figures(replayed) == figures(kept_in(tmp_path))


def test_sent_over_http_it_is_the_same(city: City, replayed: Json, tmp_path: Path) -> None:
    """What nobody can read is answered by the API, and is in no journal."""

    async def send(ledger: EmbeddedLedger) -> None:
        app = an_app(open_read_model(f"sqlite:///{tmp_path / 'read.db'}"), publisher=ledger)
        readable = [each.event for each in city.in_order() if each.outcome != DEAD_LETTER]
        async with asking(app) as client:
            for at in range(0, len(readable), BODY_LINES):
                body = b"".join(encoded(each) + b"\n" for each in readable[at : at + BODY_LINES])
                answer = await client.post("/events", content=body, headers=EVENTS_OF_FILE)
                assert 202 == answer.status_code, answer.text
        await ledger.write_deadline_events(HandClock(NOW))

    in_a_ledger(tmp_path, send)
    assert figures(replayed) == figures(kept_in(tmp_path))


@pytest.mark.rest
def test_what_is_kept_without_kafka_is_proved_and_sealed(city: City, tmp_path: Path) -> None:
    files = [EventFile(each, each.name) for each in in_three(city, tmp_path)]
    in_a_ledger(tmp_path, lambda ledger: ledger.write_deadline_events(HandClock(NOW)), files)
    db, key = tmp_path / "ledger.db", tmp_path / "key.pem"
    verified = ecluse("verify", "--db", db, "--redecide", "--json")
    assert [] == json.loads(verified.out)["findings"]
    assert 0 == verified.code
    assert 0 == ecluse("seal", "--new-key", key).code
    asked = ("--key", key, "-o", tmp_path / "seal.json", "--at", f"{TODAY}T23:59:59+01:00")
    sealed = ecluse("seal", "--db", db, *asked, "--json")
    assert 0 == sealed.code
