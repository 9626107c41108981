"""`ecluse open-data`, as a person and a program use it."""

import json
import os
from pathlib import Path

import pytest

from tests.integration.command import ROOT, CommandResult, ecluse
from tests.open_data.schema_check import faults, rows_of
from tests.read_model.filling import EXAMPLES, fill, journal_of

SETTINGS = ROOT / "deploy" / "open-data.example.yaml"
YEAR = EXAMPLES / "lille-avenirs-2023.jsonl"
CARRIED = [EXAMPLES / f"lille-avenirs-carry-over{year}.jsonl" for year in ("", "-2024")]


@pytest.fixture
def url(sqlite_url: str) -> str:
    fill(sqlite_url, journal_of(YEAR))
    return sqlite_url


def open_data(url: str, *args: object, settings: Path | str = SETTINGS) -> CommandResult:
    return ecluse("open-data", "--db", url, *args, ECLUSE_OPEN_DATA_FILE=str(settings))


def test_the_lille_avenirs_convention_is_one_valid_row(url: str) -> None:
    result = open_data(url, "--on", "2023-08-15")
    assert 0 == result.code
    assert [] == faults(result.out)
    (row,) = rows_of(result.out)
    assert ("2263600.00", "2023-05-30/2023-07-17", "2023/40") == (
        row["montant"],
        row["datesPeriodeVersement"],
        row["referenceDecision"],
    )
    assert "1 convention written.\n" == result.err


def test_one_that_is_carried_over_is_one_row(sqlite_url: str) -> None:
    fill(sqlite_url, journal_of(*CARRIED))
    (row,) = rows_of(open_data(sqlite_url).out)
    assert "2263600.00" == row["montant"]
    assert [] == rows_of(open_data(sqlite_url, "--year", "2024").out)


@pytest.mark.parametrize(("on", "late"), [("2023-08-15", 0), ("2023-08-16", 1)])
def test_a_convention_published_after_three_months_is_named(url: str, on: str, late: int) -> None:
    result = open_data(url, "--on", on, "--json")
    found = json.loads(result.err)
    assert ({"rows", "late", "left_out"}, 1) == (set(found), found["rows"])
    assert [
        {
            "budget": "21590350100017-00-2023",
            "convention": "CONV-2023-LILLE-AVENIRS",
            "signed_on": "2023-05-15",
            "publish_by": "2023-08-15",
        }
    ] * late == found["late"]


def test_the_least_amount_and_the_entity_may_be_chosen(url: str) -> None:
    for args, count in {
        ("--above", "2263600"): 0,
        ("--above", "2 263 599,99"): 1,
        ("--entity", "37887770800040"): 0,
        ("--budget", "21590350100017-00-2023"): 1,
    }.items():
        assert count == len(rows_of(open_data(url, *args, "--lang", "fr").out))
    assert 2 == open_data(url, "--above", "many").code


def test_an_entity_without_settings_is_left_out_and_the_command_leaves_with_1(url: str) -> None:
    result = open_data(url, settings="")
    assert 1 == result.code
    assert [] == rows_of(result.out)
    assert "ECLUSE_OPEN_DATA_FILE" in result.err


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("entities:\n  '21590350100017':\n    nomAttribuant: Lille\n", "line 2"),
        ("entities:\n  '21590350100018': {nomAttribuant: L, notificationUE: non}\n", "line 2"),
        ("beneficiaries:\n  '37887770800040':\n    rnaBeneficiaire: W59\n", "line 3"),
        ("entity: {}\n", "line 1, entity"),
        ("entities: [\n", "line"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused_by_their_line(
    url: str, tmp_path: Path, text: str, place: str
) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text(text, encoding="utf-8")
    result = open_data(url, settings=file)
    assert (3, b"") == (result.code, result.out)
    assert place in result.err


def test_without_a_read_model_it_says_so(tmp_path: Path) -> None:
    for place in ("nothing.db", "empty.db"):
        (tmp_path / "empty.db").touch()
        result = open_data(f"sqlite:///{tmp_path / place}")
        assert (3, b"") == (result.code, result.out)
        assert "no read model" in result.err


def test_a_file_that_cannot_be_written_is_said_so(url: str, tmp_path: Path) -> None:
    result = open_data(url, "-o", tmp_path / "nowhere" / "out.csv")
    assert 3 == result.code
    assert "nowhere" in result.err


def test_a_device_and_a_link_stay_what_they_are(url: str, tmp_path: Path) -> None:
    device, link = tmp_path / "device", tmp_path / "link.csv"
    os.mkfifo(device)
    result = open_data(url, "-o", device)
    assert (3, True) == (result.code, device.is_fifo())
    link.symlink_to(tmp_path / "out.csv")
    assert 0 == open_data(url, "-o", link).code
    assert link.is_symlink()
    assert [] == faults((tmp_path / "out.csv").read_bytes())
