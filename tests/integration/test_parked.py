"""`ecluse parked` from outside, and the ages that it tells by a clock that is moved by hand."""

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from services.cli.commands.parked import Waiting, age_text, show_parked, waiting
from services.cli.records.journal_source import fold_records, histories
from services.cli.terminal.screen import Screen
from services.texts.language import Language
from tests.builders import (
    BUDGET,
    Json,
    a_collection,
    a_convention,
    a_deadline,
    a_report,
    a_vote,
    an_award,
)
from tests.integration.command import ecluse, journal_of, written
from tests.integration.test_tables import unfolded

OTHER = "21590350100017-01-2023"
MEMBERS = "budget sequence event_id event_source type waits_for since age_s gives_up_at"

# One for each kind of thing that an event may wait for; the last is the oldest.
WAITING = [
    an_award(_id="an award", _time="2023-06-04T12:00:00Z"),
    a_convention(_id="a convention", _time="2023-06-03T12:00:00Z"),
    a_report(_id="a report", _time="2023-06-02T12:00:00Z"),
    a_collection(_id="a collection", budget=OTHER, _time="2023-06-01T12:00:00Z"),
]
IN_ORDER = [
    ("a collection", "recovery", "C/R"),
    ("a report", "convention", "C"),
    ("a convention", "grant", "G"),
    ("an award", "budget", BUDGET),
]


@pytest.fixture
def kept(tmp_path: Path, db: Path) -> Path:
    """A database in which they wait."""
    ecluse("replay", written(tmp_path / "waiting.jsonl", *WAITING), "--db", db)
    return db


def rows(*args: object) -> list[Json]:
    result = ecluse("parked", *args, "--json")
    assert (0, 1) == (result.code, result.text.count("\n"))
    found: list[Json] = json.loads(result.out)["parked"]
    return found


def test_those_that_wait_the_oldest_first(kept: Path) -> None:
    found = rows("--db", kept)
    assert IN_ORDER == [(row["event_id"], *row["waits_for"].values()) for row in found]
    assert [MEMBERS.split()] * len(found) == [list(row) for row in found]
    assert ("2023-06-01T12:00:00+00:00", "2023-07-01T12:00:00+00:00") == (
        found[0]["since"],
        found[0]["gives_up_at"],
    )
    day_s = 24 * 3600
    assert [day_s] * 3 == [
        older["age_s"] - younger["age_s"] for older, younger in pairwise(found)
    ], "one moment for all of them"


def test_one_budget_alone(kept: Path) -> None:
    assert ["a collection"] == [row["event_id"] for row in rows("--db", kept, "--budget", OTHER)]
    assert [] == rows("--db", kept, "--budget", "nobody")


def test_an_exported_journal_says_the_same(kept: Path, tmp_path: Path) -> None:
    journal = journal_of(kept, tmp_path / "journal.jsonl")
    found = [{**row, "age_s": 0} for row in rows("--journal", journal)]
    assert [{**row, "age_s": 0} for row in rows("--db", kept)] == found


def test_who_was_decided_or_given_up_waits_no_more(kept: Path, tmp_path: Path) -> None:
    deadline = a_deadline(
        "parked", event={"source": "urn:test", "id": "a collection"}, budget=OTHER
    )
    ecluse("replay", written(tmp_path / "more.jsonl", a_vote(), deadline), "--db", kept)
    result = ecluse("parked", "--db", kept)
    assert (0, "No event is parked.\n") == (result.code, result.text)
    assert "Aucun événement n'attend.\n" == ecluse("parked", "--db", kept, "--lang", "fr").text
    assert [] == rows("--db", kept)


TEXTS = {
    "fr": (
        "4 événements en attente d'un acte.",
        "En attente de la signature de la convention C.",
        "En attente du vote initial du budget",
        "délibération adoptée",
        "01/07/2023",
        "jours",
    ),
    "en": (
        "4 events parked.",
        "Waits for the signature of convention C.",
        "Waits for the initial vote of budget",
        "deliberation adopted",
        "2023-07-01",
        "days",
    ),
}


@pytest.mark.parametrize("language", TEXTS)
def test_people_read_who_waits_for_what(kept: Path, language: str) -> None:
    text = unfolded(ecluse("parked", "--db", kept, "--lang", language).text)
    assert [] == [each for each in TEXTS[language] if each not in text]


# ------------------------------------------------------------------ by a clock
def found(db: Path) -> list[Waiting]:
    with histories(db, None) as journal:
        return waiting(fold_records(journal(None))[0])


AT = datetime(2023, 6, 3, 17, 30, tzinfo=UTC)


def test_an_age_is_that_of_the_moment_when_it_is_asked(
    kept: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    show_parked(Screen(Language.EN), found(kept), AT, as_json=True)
    ages = [row["age_s"] for row in json.loads(capsys.readouterr().out)["parked"]]
    hour_s = 3600
    assert [53.5 * hour_s, 29.5 * hour_s, 5.5 * hour_s, -18.5 * hour_s] == ages
    show_parked(Screen(Language.FR), found(kept), AT, as_json=False)
    text = unfolded(capsys.readouterr().out)
    for texts in ("2 jours 5 h 01/06/2023", "1 jour 5 h 02/06/2023", "5 h 03/06/2023"):
        assert texts in text


@pytest.mark.parametrize(
    ("age", "fr", "en"),
    [
        (timedelta(hours=-18), "0 h", "0 h"),
        (timedelta(minutes=59), "0 h", "0 h"),
        (timedelta(hours=23, minutes=59), "23 h", "23 h"),
        (timedelta(hours=24), "1 jour 0 h", "1 day 0 h"),
        (timedelta(days=30, hours=5), "30 jours 5 h", "30 days 5 h"),
    ],
    ids=str,
)
def test_an_age_as_text(age: timedelta, fr: str, en: str) -> None:
    assert (fr, en) == tuple(age_text(Screen(each), age) for each in (Language.FR, Language.EN))
