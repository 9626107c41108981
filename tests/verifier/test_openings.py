"""Money from a closed year: a journal must hold the closing that carried it over."""

import json
from pathlib import Path

from services.verifier.expected.years import opening_id
from services.verifier.report import Note
from tests.builders import Json
from tests.verifier.exports import kind_of, proof_of, recorded, rewritten

YEARS = recorded("year-end-2023.journal.jsonl")
CLOSED, NEXT = sorted({row["budget"] for row in map(json.loads, YEARS) if row["budget"][0] != "_"})[
    :2
]
OF_NEXT = [line for line in YEARS if json.loads(line)["budget"] == NEXT]
OPENED_AT = [
    at for at, line in enumerate(OF_NEXT) if kind_of(json.loads(line)) == "fiscal-year.opened"
]
OPENINGS = len(OPENED_AT)


def from_nowhere(row: Json) -> None:
    """An opening of a year that no journal ever closed, with the id that belongs to it."""
    if kind_of(row) == "fiscal-year.opened" and row["budget"] == NEXT:
        event, data = row["event"], row["event"]["data"]
        data["closing"] = {"source": "urn:nobody", "id": "closing"}
        event["id"] = opening_id(CLOSED, "urn:nobody", "closing", data["convention"])
        row["event_id"] = event["id"]


def test_an_opening_whose_closed_year_is_gone_is_found(tmp_path: Path) -> None:
    report = proof_of(OF_NEXT, tmp_path)
    assert {"closed_year_missing": OPENINGS} == report.counts
    assert {NEXT} == {each.place.budget for each in report.findings}
    assert CLOSED in report.findings[0].text.en


def test_of_one_budget_alone_such_openings_are_counted(tmp_path: Path) -> None:
    report = proof_of(YEARS, tmp_path, NEXT)
    assert report.proved
    [remark] = [each for each in report.remarks if each.note is Note.OPENINGS]
    assert {"count": OPENINGS} == remark.facts
    assert Note.OPENINGS not in [each.note for each in proof_of(YEARS, tmp_path).remarks]


def test_a_closed_year_that_is_not_kept_is_named(tmp_path: Path) -> None:
    assert not proof_of(OF_NEXT, tmp_path, without=[NEXT]).proved
    report = proof_of(OF_NEXT, tmp_path, without=[CLOSED])
    assert report.proved
    [remark] = [each for each in report.remarks if each.note is Note.OPENINGS]
    assert {"count": OPENINGS} == remark.facts
    assert not proof_of(rewritten(YEARS, from_nowhere), tmp_path, without=[CLOSED]).proved


def test_an_opening_of_no_closing_is_found_where_the_closed_year_is_there(tmp_path: Path) -> None:
    assert "message_unexpected" in proof_of(rewritten(YEARS, from_nowhere), tmp_path).counts


def test_an_opening_bears_the_id_that_its_closing_gives(tmp_path: Path) -> None:
    def change(row: Json) -> None:
        if kind_of(row) == "fiscal-year.opened":
            row["event"]["id"] = row["event_id"] = "5e87546d-0af8-44e8-8243-fc22209e0891"
            row["event"]["source"] = row["event_source"] = "urn:nobody"
            row["event"]["data"]["closed_budget"] = f"{CLOSED[:-4]}2020"

    report = proof_of(rewritten(OF_NEXT[: OPENED_AT[0] + 1], change), tmp_path, NEXT)
    found = {each.facts["member"] for each in report.findings if "member" in each.facts}
    assert {"event.id", "event.source", "event.data.budget"} == found
