"""`ecluse returns` and `ecluse findings`: a day's work by the command, and what it leaves with."""

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert

from services.api.treasury.routes import FindingAnswer
from services.treasury.store.tables import returns
from tests.builders import BUDGET, IBAN
from tests.integration.command import CommandResult, ecluse
from tests.treasury.databases import in_files
from tests.treasury.return_files import (
    Line,
    Mandat,
    Paid,
    a_return,
    a_slip,
    an_answer,
    an_element,
    an_error,
)
from tests.treasury.sent_slips import NOW, Desk, a_piece_row, a_slip_row, at_desk, file_of

SETTINGS = """
entities:
  "21590350100017":
    budgets:
      "00":
        IdPost: "059035"
        CodCol: "123"
"""
PAID = Mandat(34, (Line("1000.00", (Paid("400.00"),), "1", "400.00"),))
UNKNOWN = Mandat(35, (Line("1.00"),), {"EtatPce": "04", "Commentaire": f"voir {IBAN}"})
RETURN = a_return(a_slip(PAID, UNKNOWN, number=12))
ACCEPTED = an_answer(an_element(1), file_name=file_of(12))
REFUSED = an_answer(
    an_element(0, an_error("ERREUR_CODIQUE", "poste inconnu")), file_name=file_of(13)
)


class Office:
    """A folder with the databases, two slips that were sent, and files of the accountant."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = in_files(folder / "db")
        self._settings = folder / "treasury.yaml"
        self._settings.write_text(SETTINGS)
        slip = a_slip_row(12)
        row = a_piece_row(slip, 34, "C/advance")
        at_desk(self.url, lambda desk: desk.send(slip, row))
        at_desk(self.url, lambda desk: desk.send(a_slip_row(13)))

    def file(self, name: str, content: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content)
        return path

    def run(self, *args: object, given: bytes = b"", **env: str) -> CommandResult:
        names = {"ECLUSE_DATABASE_URL": self.url, "ECLUSE_TREASURY_FILE": str(self._settings)}
        return ecluse(*args, given=given, **names | env)

    def json(self, *args: object) -> Any:
        return json.loads(self.run(*args, "--json").out)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def test_files_are_taken_and_listed(office: Office) -> None:
    first, second = office.file("retour.xml", RETURN), office.file("acquit.xml", ACCEPTED)
    done = office.run("returns", "take", first, second)
    assert 0 == done.code
    assert "2 pieces read, 2 new events, 1 new finding." in done.text
    assert "Piece 35 of slip 12 of type 01 (2023) is none that was sent" in done.text
    assert f"the gateway accepted slip {BUDGET}/01/12." in done.text
    again = office.json("returns", "take", first)
    expected = {"kind": "return", "outcome": "taken", "events": 0, "findings": 0, "pieces": 2}
    (file,) = again["files"]
    assert expected.items() <= file.items()
    listed = office.json("returns", "list")["files"]
    assert {"retour.xml", "acquit.xml"} == {each["file"] for each in listed}
    shown = office.run("returns", "list", ECLUSE_LANG="fr", COLUMNS="300").text
    assert "réponse de la passerelle" in shown


def test_more_files_than_are_shown_are_said_and_a_program_has_all(office: Office) -> None:
    async def read(desk: Desk, count: int) -> None:
        row = {"kind": "unreadable", "received_at": NOW, "received_by": "test"}
        rows = [
            row | {"sha256": f"{n:064}", "file_name": f"{n}.xml", "outcome": "taken", "facts": {}}
            for n in range(count)
        ]
        async with desk.store.transaction() as connection:
            await connection.execute(delete(returns))
            await connection.execute(insert(returns), rows)

    said = "These are the newest 500: --json lists all."
    at_desk(office.url, lambda desk: read(desk, 500))
    assert said not in office.run("returns", "list").text
    at_desk(office.url, lambda desk: read(desk, 501))
    assert said in office.run("returns", "list").text
    assert 501 == len(office.json("returns", "list")["files"])


def test_standard_input_is_a_file_too(office: Office) -> None:
    done = office.run("returns", "take", "-", given=RETURN)
    assert (0, True) == (done.code, "2 new events" in done.text)


def test_a_file_that_is_refused_leaves_with_1_and_its_reason(office: Office) -> None:
    bad, good = office.file("bad.xml", RETURN[:-9]), office.file("good.xml", RETURN)
    done = office.run("returns", "take", bad, good, ECLUSE_LANG="fr")
    assert 1 == done.code
    assert "bad.xml n'a pas été intégré\xa0: il est tronqué" in done.text
    assert "2 nouveaux événements" in done.text
    (refused, taken) = office.json("returns", "take", bad, good)["files"]
    assert ("refused", "taken") == (refused["outcome"], taken["outcome"])
    assert "cut off" in refused["why"]["en"]
    assert taken["why"] is None


def test_a_slip_that_was_refused_is_named(office: Office) -> None:
    done = office.run("returns", "take", office.file("acquit.xml", REFUSED))
    assert f"the gateway refused slip {BUDGET}/01/13.\n- poste inconnu\n" in done.text
    other = an_answer(an_element(0), file_name="OTHER.xml")
    assert (
        "was not sent from here"
        in office.run("returns", "take", office.file("other.xml", other)).text
    )


def test_findings_are_listed_and_closed(office: Office) -> None:
    assert "No finding is open." in office.run("findings", "list").text
    assert "No file of the accountant" in office.run("returns", "list").text
    office.run("returns", "take", office.file("retour.xml", RETURN))
    (finding,) = office.json("findings", "list")["findings"]
    assert ("unknown_piece", BUDGET) == (finding["kind"], finding["budget"])
    assert "n'a pas été envoyée" in finding["message"]["fr"]
    assert {each.name for each in fields(FindingAnswer)} == set(finding), "one shape with the API"
    finding_id = finding["finding_id"]
    assert finding_id in office.run("findings", "list", COLUMNS="250").text
    closed = office.run("findings", "close", finding_id, "--reason", "mandat of the ERP")
    assert (0, True) == (closed.code, "is closed" in closed.text)
    assert [] == office.json("findings", "list")["findings"]
    (row,) = office.json("findings", "list", "--all")["findings"]
    assert "mandat of the ERP" == row["closing_reason"]
    assert "mandat of the ERP" in office.run("findings", "list", "--all", COLUMNS="250").text


@pytest.mark.parametrize(
    ("finding", "reason", "code", "why"),
    [
        ("none", "seen", 3, "There is no finding none."),
        ("none", " ", 2, "1 to 1000 characters"),
        ("none", "a\x1b[2J", 2, "none of them a control"),
    ],
)
def test_what_cannot_be_closed_says_why(
    office: Office, finding: str, reason: str, code: int, why: str
) -> None:
    done = office.run("findings", "close", finding, "--reason", reason)
    assert code == done.code
    assert why in done.err


def test_no_whole_account_is_shown(office: Office) -> None:
    name = f"retour {IBAN}.xml"
    taken = office.run("returns", "take", office.file(name, b"none"))
    listed = office.run("returns", "list", COLUMNS="250")
    findings = office.run("findings", "list", COLUMNS="250")
    programs = office.run("findings", "list", "--json")
    label = f"{IBAN} inconnu"
    answer = an_answer(an_element(0, an_error(None, label)), file_name=file_of(13))
    refused = office.run("returns", "take", office.file("acquit.xml", answer), "--json")
    assert "inconnu" in refused.text
    slips = office.run("slips", "show", "--json")
    assert "inconnu" in slips.text
    for each in (taken, listed, findings, programs, refused, slips):
        assert IBAN not in each.text + each.err
