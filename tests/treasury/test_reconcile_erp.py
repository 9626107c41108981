"""The ERP's totals: files as ERPs write them, and what differs from the entries."""

import pytest

from services.texts.language import Language
from services.texts.translation import translate
from services.treasury.reconciliation.erp import ErpUnreadable, Key, Total, read_totals
from tests.builders import BUDGET
from tests.treasury.test_reconcile import PAID, reconciled

FRENCH = f"""\ufeffBudget;Compte;Libellé;Débit;Crédit
{BUDGET};65748;Subventions;1,15;0,50
{BUDGET};4671;Créanciers;0,70;1,15
{BUDGET};515;Trésor;0,45;0,70
{BUDGET};46721;Débiteurs;0,50;0,45
;;Total;2,80;2,80
"""
"""The totals of `PAID`: orders of 1.15, 0.70 paid, 0.50 asked back, 0.45 come."""

BY_LINE = f"""budget,account,chapter,article,function,operation,debit,credit
{BUDGET},65748,65,65748,61,489,0.70,0.50
{BUDGET},65748,65,65748,61,490,0.45,
{BUDGET},4671,65,65748,61,489,0.60,0.70
{BUDGET},4671,65,65748,61,490,0.10,0.45
"""


def test_totals_of_the_entries_themselves_differ_in_nothing(treasury_url: str) -> None:
    assert [] == reconciled(treasury_url, *PAID, totals=read_totals(FRENCH.encode()))


@pytest.mark.parametrize(
    ("old", "new", "account", "side", "cents"),
    [
        ("1,15;0,50", "1,16;0,50", "65748", "debit", (115, 116)),
        ("0,45;0,70", "0,45;0,69", "515", "credit", (70, 69)),
    ],
)
def test_a_total_that_differs_is_found(
    old: str, new: str, account: str, side: str, cents: tuple[int, int], treasury_url: str
) -> None:
    totals = read_totals(FRENCH.replace(old, new).encode())
    expected = {"account": account, "side": side, "expected": cents[0], "found": cents[1]}
    assert [{"kind": "erp_differs", **expected}] == reconciled(treasury_url, *PAID, totals=totals)


def test_an_account_that_only_one_of_both_has_is_found(treasury_url: str) -> None:
    totals = read_totals(FRENCH.replace(";515;", ";5151;").encode())
    found = reconciled(treasury_url, *PAID, totals=totals)
    assert [
        {"kind": "erp_differs", "account": "515", "side": "debit", "expected": 45, "found": 0},
        {"kind": "erp_differs", "account": "515", "side": "credit", "expected": 70, "found": 0},
        {"kind": "erp_differs", "account": "5151", "side": "debit", "expected": 0, "found": 45},
        {"kind": "erp_differs", "account": "5151", "side": "credit", "expected": 0, "found": 70},
    ] == found


def test_totals_may_be_by_line(treasury_in_files: str) -> None:
    """They name two accounts: of the others the ERP has nothing."""
    found = reconciled(treasury_in_files, *PAID, totals=read_totals(BY_LINE.encode()))
    assert ["46721", "46721", "515", "515", "515"] == [each["account"] for each in found]
    assert {"489", "490"} == {each["operation"] for each in found}


def test_a_budget_that_the_file_does_not_name_is_passed_over(treasury_in_files: str) -> None:
    other = FRENCH.replace(BUDGET, "37887770800040-01-2023")
    found = reconciled(treasury_in_files, *PAID, totals=read_totals(other.encode()))
    assert {"expected": 0} == {name: each[name] for each in found for name in ("expected",)}


@pytest.mark.parametrize(
    ("written", "cents"),
    [
        ("1131800", 113_180_000),
        ("1131800,00", 113_180_000),
        ("1131800.5", 113_180_050),
        ("1 131 800,07", 113_180_007),
        ("1\u202f131\u00a0800,07", 113_180_007),
        ("-12,30", -1_230),
        ("", 0),
    ],
)
@pytest.mark.parametrize("separator", [";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_amounts_are_read_as_french_programs_write_them(
    written: str, cents: int, separator: str, encoding: str
) -> None:
    rows = ("CRÉDIT;Débit;compte;BUDGET", f"{written};0,00;4671;{BUDGET}")
    # Windows-1252 has no narrow space: nothing stands in its place.
    content = "\r\n".join(rows).replace(";", separator).encode(encoding, "ignore")
    read = read_totals(content)
    assert {Key(BUDGET, "4671", None): Total(0, cents)} == read.totals


def test_rows_of_an_account_add_up() -> None:
    lines = ("budget;account;debit;credit", "B;515;1,00;0", "B;515;0,01;2,00")
    assert {Key("B", "515", None): Total(101, 200)} == read_totals("\n".join(lines).encode()).totals


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (
            b"",
            "its first line names the columns: budget, account, debit, credit; budget is missing",
        ),
        (
            b"budget;compte;debit\n",
            "its first line names the columns: budget, account, debit, credit; credit is missing",
        ),
        (
            b"budget;compte;debit;credit\nB;515;1.131.800,00;\n",
            "row 2, debit: 1.131.800,00 is no amount, such as 1131800,00",
        ),
        (
            b"budget;compte;debit;credit\nB;515;1,005;\n",
            "row 2, debit: 1,005 is no amount, such as 1131800,00",
        ),
        (b"budget;compte;debit;credit\n;515;1;\n", "row 2: the budget is missing"),
        (
            b"budget;compte;debit;credit\nB;515;" + b"1" * 200_000 + b";\n",
            "it is no CSV file: field larger than field limit (131072)",
        ),
        (b"\x81;compte;debit;credit\n", "it is neither UTF-8 nor Windows-1252"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason(content: bytes, sentence: str) -> None:
    with pytest.raises(ErpUnreadable) as refused:
        read_totals(content)
    assert sentence == translate(refused.value.text, Language.EN)
