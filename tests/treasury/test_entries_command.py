"""`ecluse entries` and `ecluse reconcile`: the Lille Avenirs year for the ERP, and what differs."""

import asyncio
import json
import os
import re
import shlex
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.integration.command import EXAMPLE, ROOT, CommandResult, ecluse
from tests.read_model.filling import fill, journal_of
from tests.treasury.books import in_both
from tests.treasury.databases import Opened, in_files

GOLDEN = Path(__file__).parent / "golden"
BUDGET = "21590350100017-00-2023"


def booked_at(url: str, *options: str) -> CommandResult:
    """The entries of this read model made, with the accounts of a file that names no other."""
    file = Path(url.removeprefix("sqlite+aiosqlite:///")).with_name("accounts.yaml")
    file.write_text('accounts:\n  - creditor: "4671"\n', encoding="utf-8")
    return ecluse("entries", "--book", "--db", url, *options, ECLUSE_TREASURY_FILE=str(file))


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of the read model of the Lille Avenirs year; its entries are made."""
    url = in_files(tmp_path_factory.mktemp("year"))
    fill(url, journal_of(EXAMPLE))
    made = booked_at(url, "--json")
    assert (0, 24) == (made.code, json.loads(made.out)["booked"])
    return url


@pytest.mark.parametrize("journal", ["general", "commitments"])
def test_the_year_for_the_erp_is_as_it_was(journal: str, year: str) -> None:
    """Golden files, read line by line: amounts of the source document, accounts of the table."""
    done = ecluse("entries", "--db", year, "--journal", journal, "--csv", "-", "--lang", "fr")
    assert 0 == done.code
    assert (GOLDEN / f"lille-avenirs-2023-{journal}.csv").read_bytes() == done.out


def test_a_file_says_what_it_holds(year: str, tmp_path: Path) -> None:
    file = tmp_path / "entries.csv"
    done = ecluse("entries", "--db", year, "--csv", file, "--to", "2023-05-30")
    assert "12 lines: €2,263,600.00 of debits, €2,263,600.00 of credits.\n" == done.text
    rows = file.read_text(encoding="utf-8").splitlines()
    assert "total,,,,,,,,,,,,2263600.00,2263600.00" == rows[-1]
    assert rows[-2].startswith(f"{BUDGET}/6/6,2023-05-30,{BUDGET},515,65,65748,61,490,payment,")


def test_a_file_that_cannot_be_written_is_named(year: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "device")
    for file in (tmp_path / "none" / "entries.csv", tmp_path, tmp_path / "device"):
        done = ecluse("entries", "--db", year, "--csv", file)
        assert (3, b"") == (done.code, done.out)
        assert str(file) in done.err
    assert (tmp_path / "device").is_fifo()


def test_a_link_to_a_file_stays_one_and_nothing_is_left_beside(year: str, tmp_path: Path) -> None:
    (link := tmp_path / "link.csv").symlink_to(tmp_path / "entries.csv")
    assert 0 == ecluse("entries", "--db", year, "--csv", link).code
    assert link.is_symlink()
    assert ["entries.csv", "link.csv"] == sorted(each.name for each in tmp_path.iterdir())


def test_programs_get_the_entries_with_their_totals(year: str) -> None:
    found = json.loads(ecluse("entries", "--db", year, "--from", "2023-07-01", "--json").out)
    assert (113_180_000, 113_180_000) == (found["debit_cents"], found["credit_cents"])
    assert {
        "entry_id": f"{BUDGET}/10/1",
        "budget": BUDGET,
        "sequence": 10,
        "item": 1,
        "booked_on": "2023-07-17",
        "kind": "payment_executed",
        "role": "creditor",
        "account": "4671",
        "debit_cents": 67_780_000,
        "credit_cents": 0,
        "line": {"chapter": "65", "article": "65748", "function": "61", "operation": "489"},
        "convention": "CONV-2023-LILLE-AVENIRS",
        "payment_order": "CONV-2023-LILLE-AVENIRS/solde",
        "recovery": None,
    } == found["entries"][0]
    journal = ("--journal", "commitments", "--json")
    committed = json.loads(ecluse("entries", "--db", year, *journal).out)["entries"]
    assert {
        "entry_id": f"{BUDGET}/2/1",
        "budget": BUDGET,
        "sequence": 2,
        "item": 1,
        "effective_on": "2023-04-12",
        "kind": "accounting_commitment",
        "line": {"chapter": "65", "article": "65748", "function": "61", "operation": "489"},
        "convention": None,
        "amount_cents": 135_560_000,
    } == committed[0]


def test_a_person_gets_tables(year: str) -> None:
    shown = ecluse("entries", "--db", year, "--to", "2023-05-15").text
    assert "│ 2023-05-15 │ 65748   │ 65/65748/61/489  │ €677,800.00 │" in shown
    committed = ecluse("entries", "--db", year, "--journal", "commitments").text
    assert committed.endswith("6 commitment entries.\n")


def test_without_the_file_that_names_the_accounts_nothing_is_booked(tmp_path: Path) -> None:
    """A shell without the variable would book accounts that nobody has seen to, for ever."""
    url = in_files(tmp_path / "unseen")
    fill(url, journal_of(EXAMPLE))
    refused = ecluse("entries", "--book", "--db", url, "--json")
    assert (2, b"") == (refused.code, refused.out)
    assert "ECLUSE_TREASURY_FILE" in refused.err
    assert [] == json.loads(ecluse("entries", "--db", url, "--json").out)["entries"]


def test_other_accounts_stand_in_the_file(tmp_path: Path) -> None:
    url = in_files(tmp_path / "other")
    fill(url, journal_of(EXAMPLE))
    file = tmp_path / "treasury.yaml"
    file.write_text('accounts:\n  - creditor: "4679"\n', encoding="utf-8")
    done = ecluse(
        *("entries", "--book", "--json"), ECLUSE_TREASURY_FILE=str(file), ECLUSE_DATABASE_URL=url
    )
    found = json.loads(done.out)
    assert {"65748", "4679", "515"} == {each["account"] for each in found["entries"]}


@pytest.mark.parametrize("command", ["entries", "reconcile"])
def test_where_there_is_no_read_model_none_is_made(command: str, tmp_path: Path) -> None:
    file = tmp_path / "none.db"
    done = ecluse(command, "--db", f"sqlite:///{file}")
    assert (3, f"Stopped: {file}: there is no read model there\n") == (done.code, done.err)
    assert [] == list(tmp_path.iterdir())


COMPARED = (
    "Held against the ledger: 24 accounting entries; 0 slips with 0 pieces; 0 payments in returns."
)
NOTHING = f"{COMPARED}\nNothing differs.\n"


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_file_of_the_entries_reconciles_with_them(
    language: str, year: str, tmp_path: Path
) -> None:
    """Line by line, in both languages: the ERP may give back what it was given."""
    file = tmp_path / "entries.csv"
    ecluse("entries", "--db", year, "--csv", file, "--lang", language)
    done = ecluse("reconcile", "--db", year, "--erp", file)
    assert (0, NOTHING) == (done.code, done.text)


def test_what_the_erp_has_otherwise_is_said_with_both_sums(year: str, tmp_path: Path) -> None:
    file = tmp_path / "erp.csv"
    rows = ("budget;compte;débit;crédit", f"{BUDGET};65748;2263600,01;0")
    file.write_text("\n".join(rows), encoding="utf-8")
    done = ecluse("reconcile", "--db", year, "--erp", file)
    assert 1 == done.code
    assert [
        f"{BUDGET}: Account 4671, debit: €0.00 in the ERP, €2,263,600.00 in the entries.",
        f"{BUDGET}: Account 4671, credit: €0.00 in the ERP, €2,263,600.00 in the entries.",
        f"{BUDGET}: Account 515, credit: €0.00 in the ERP, €2,263,600.00 in the entries.",
        f"{BUDGET}: Account 65748, debit: €2,263,600.01 in the ERP, €2,263,600.00 in the entries.",
        COMPARED,
        "4 differences.",
    ] == done.text.splitlines()
    found = json.loads(ecluse("reconcile", "--db", year, "--erp", file, "--json").out)
    assert {
        "kind": "erp_differs",
        "budget": BUDGET,
        "line": None,
        "account": "65748",
        "side": "debit",
        "payment_order": None,
        "slip_id": None,
        "entry_id": None,
        "changes": [],
        "expected_cents": 226_360_000,
        "found_cents": 226_360_001,
        "records": [],
        "message": {
            "fr": "Compte 65748, débit\u00a0: 2\u202f263\u202f600,01\u00a0€ dans le progiciel"
            " financier, 2\u202f263\u202f600,00\u00a0€ dans les écritures",
            "en": "Account 65748, debit: €2,263,600.01 in the ERP, €2,263,600.00 in the entries",
        },
    } == found["differences"][-1]


def test_accounts_are_compared_with_those_of_the_file_that_is_named(
    year: str, tmp_path: Path
) -> None:
    """Without one nobody knows them: entries of whatever accounts are no difference."""
    file = tmp_path / "treasury.yaml"
    file.write_text('accounts:\n  - {treasury: "5151"}\n', encoding="utf-8")
    without = ecluse("reconcile", "--db", year)
    assert (0, NOTHING) == (without.code, without.text)
    assert "Accounts of entries are not compared" in without.err
    named = ecluse("reconcile", "--db", year, "--json", ECLUSE_TREASURY_FILE=str(file))
    changes = [each["changes"] for each in json.loads(named.out)["differences"]]
    assert 1 == named.code
    assert changes
    assert all(
        each == [{"member": "account", "expected": "5151", "found": "515"}] for each in changes
    )


def test_a_file_of_the_erp_that_cannot_be_read_is_refused(year: str, tmp_path: Path) -> None:
    file = tmp_path / "erp.csv"
    file.write_bytes(b"budget;compte;debit\n")
    done = ecluse("reconcile", "--db", year, "--erp", file)
    assert 1 == done.code
    assert done.err.endswith("budget, account, debit, credit; credit is missing\n")


def test_records_at_fault_and_those_not_booked_are_named(tmp_path: Path) -> None:
    url = in_files(tmp_path)
    fill(url, journal_of(EXAMPLE))
    booked_at(url)

    async def spoil(both: Opened) -> None:
        of_payment = "sequence = 6 AND operation = '490'"
        async with both.store.transaction() as connection:
            for each in (
                f"UPDATE accounting_entries SET debit_cents = 1 WHERE {of_payment} AND item = 5",
                f"UPDATE accounting_entries SET credit_cents = 1 WHERE {of_payment} AND item = 6",
                "DELETE FROM accounting_entries WHERE sequence > 8",
                "UPDATE booked SET sequence = 8",
            ):
                await connection.execute(text(each))

    asyncio.run(in_both(url, spoil))
    done = ecluse("reconcile", "--db", url)
    assert 1 == done.code
    line = f"{BUDGET}: Line 65/65748/61/490:"
    entry, other = f"{BUDGET}: Entry {BUDGET}/6", "is not what its record and the settings lead to"
    assert (
        f"{line} €150,999.99 owed to creditors in the entries, €75,500.00 ordered in the ledger."
        " Records: 6.\n"
        f"{line} €0.01 paid in the entries, €75,500.00 in the ledger (paid, less what came back in"
        " a later year). Records: 6.\n"
        f"{entry}/5 {other}: debit €0.01 instead of €75,500.00. Records: 6.\n"
        f"{entry}/6 {other}: credit €0.01 instead of €75,500.00. Records: 6.\n"
        f"{BUDGET}: entries are made up to record 8 of 10; `ecluse entries --book` makes the"
        " others.\n"
        f"{COMPARED.replace('24', '18')}\n4 differences.\n"
    ) == done.text


def test_the_commands_of_the_page_do_what_it_says(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "for-the-treasury.md").read_text(encoding="utf-8")
    part = page.split("\n## Entries for the ERP\n")[1].split("\n## ")[0]
    lines = re.findall(r"^\$ \.venv/bin/ecluse (.*)$", part, re.MULTILINE)
    url = in_files(tmp_path / "read")
    fill(url, journal_of(EXAMPLE))
    done = [
        ecluse(
            *shlex.split(each.replace("build", str(tmp_path))),
            ECLUSE_DATABASE_URL=url,
            ECLUSE_TREASURY_FILE=str(ROOT / "deploy" / "treasury.example.yaml"),
        )
        for each in lines
    ]
    assert [0] * 4 == [each.code for each in done]
    for name, journal in (("entries", "general"), ("commitments", "commitments")):
        golden = GOLDEN / f"lille-avenirs-2023-{journal}.csv"
        assert golden.read_bytes() == (tmp_path / f"{name}.csv").read_bytes()
    assert NOTHING == done[-1].text
