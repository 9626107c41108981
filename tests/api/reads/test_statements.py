"""Statements read back to the cent: CSV in both languages, XLSX with real numbers and days."""

import asyncio
import csv
import io
import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert

from events.texts import verbatim
from services.api.budgets.balances import LineBalance
from services.api.budgets.statement import execution_of, per_mille
from services.api.files.formats import as_csv, as_xlsx, escape_formulas
from services.api.files.sheet import Column, Kind, Sheet, euros
from services.api.queries.rows import BudgetLine
from services.projector.engine import make_engine
from services.projector.tables import grants
from services.texts.language import Language
from tests.api.environment import LILLE
from tests.api.made import Made
from tests.api.reads.answers import BUDGET, YEAR, get
from tests.builders import (
    a_convention,
    a_payment,
    a_vote,
    a_withdrawal,
    an_amount,
    an_award,
    encoded,
)
from tests.read_model import databases
from tests.read_model.filling import EXAMPLES, fill, journal_of, journal_of_events

CARRIED = EXAMPLES / "lille-avenirs-carry-over.jsonl"
LIMIT = 2**53 - 1


def rows_of(content: bytes, language: str) -> list[list[str]]:
    french = language == "fr"
    assert content.startswith(b"\xef\xbb\xbf") == french
    shown = io.StringIO(content.decode("utf-8-sig"), newline="")
    return list(csv.reader(shown, delimiter=";" if french else ",", strict=True))


def table_of(content: bytes, language: str) -> list[list[str]]:
    """The columns and rows, without the heading above them and the empty line."""
    rows = rows_of(content, language)
    return rows[rows.index([]) + 1 :] if [] in rows else rows


def heading_of(content: bytes, language: str) -> dict[str, str]:
    """The lines above the columns, by their names; the title first."""
    rows = rows_of(content, language)
    return {row[0]: row[1] if len(row) > 1 else "" for row in rows[: rows.index([])]}


def cells_of_table(page: Any) -> list[list[Any]]:
    """The columns and rows of a sheet, from those that stay when it is scrolled."""
    first = int(re.sub(r"\D", "", page.freeze_panes)) - 1
    return [[cell.value for cell in row] for row in page.iter_rows(min_row=first)]


def page_of(content: bytes) -> Any:
    return openpyxl.load_workbook(io.BytesIO(content)).active


@pytest.mark.parametrize(("language", "paid"), [("fr", "2263600,00"), ("en", "2263600.00")])
def test_the_execution_of_the_lille_avenirs_year_is_read_back_from_csv(
    made: Made, language: str, paid: str
) -> None:
    url = made(journal_of(YEAR))
    (answer,) = get(url, f"/budgets/{BUDGET}/execution.csv", language=language)
    assert "text/csv; charset=utf-8" == answer.headers["content-type"]
    assert f'filename="execution-{BUDGET}.csv"' in answer.headers["content-disposition"]
    header, *rows = table_of(answer.content, language)
    at = header.index({"fr": "payé", "en": "paid"}[language])
    assert [("65", "65748", paid), ("65", "", paid), ("Total", "", paid)] == [
        (row[0], row[1], row[at]) for row in rows
    ]
    assert ["100,0" if language == "fr" else "100.0"] * 3 == rows[0][-3:]
    names = {"fr": ("État d'exécution", "exercice", "jusqu'à l'enregistrement n°")}.get(
        language, ("Budget execution", "fiscal year", "up to record no.")
    )
    heading = heading_of(answer.content, language)
    assert names[0] == next(iter(heading))
    assert ("2023", "10") == (heading[names[1]], heading[names[2]])
    assert LILLE in heading.values()


def test_the_execution_is_read_back_from_a_spreadsheet_as_numbers(made: Made) -> None:
    url = made(journal_of(CARRIED))
    (answer,) = get(url, f"/budgets/{BUDGET}/execution.xlsx", language="fr")
    page = page_of(answer.content)
    header, *rows = cells_of_table(page)
    total = dict(zip(header, rows[-1], strict=True))
    assert ("État d'exécution", "État d'exécution") == (page.title, page["A1"].value)
    assert (2263600, 1131800, 1131800) == (
        total["crédits ouverts"],
        total["payé"],
        total["reporté"],
    )
    rates = [header.index(name) + 1 for name in ("taux d'engagement", "taux de paiement")]
    last = [page.cell(page.max_row, at) for at in rates]
    assert [(1, "0.0%"), (0.5, "0.0%")] == [(cell.value, cell.number_format) for cell in last]
    assert page.cell(page.max_row, 3).font.bold
    assert not page.cell(page.max_row - len(rows) + 1, 3).font.bold


def test_a_second_sheet_has_the_execution_line_by_line(made_in_files: Made) -> None:
    url = made_in_files(journal_of(CARRIED))
    (answer,) = get(url, f"/budgets/{BUDGET}/execution.xlsx")
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    assert ["Budget execution", "Line by line"] == book.sheetnames
    header, *lines, total = cells_of_table(book["Line by line"])
    assert ["chapter", "article", "function", "operation"] == header[:4]
    paid, appropriated = header.index("paid"), header.index("appropriated")
    assert 1131800 == sum(line[paid] for line in lines) == total[paid]
    assert 2263600 == sum(line[appropriated] for line in lines) == total[appropriated]
    assert 0.5 == total[header.index("payment rate")]
    assert ["489", "490", "1978"] == [line[3] for line in lines], "operations by their number"


def test_the_list_of_grants_has_the_open_data_columns_and_a_total(made: Made) -> None:
    url = made(journal_of(CARRIED))
    (answer,) = get(url, f"/budgets/{BUDGET}/grants.csv", language="en")
    header, row, total = rows_of(answer.content, "en")
    shown = dict(zip(header, row, strict=True))
    assert {
        "idAttribuant": "21590350100017",
        "dateConvention": "2023-05-15",
        "referenceDecision": "2023/40",
        "nomBeneficiaire": "Lille Avenirs",
        "idBeneficiaire": "37887770800040",
        "montant": "2263600.00",
        "nature": "aide en numéraire",
        "conditionsVersement": "échelonné",
        "datesPeriodeVersement": "2023-05-30",
        "carried over": "1131800.00",
    }.items() <= shown.items()
    assert "2263600.00" == dict(zip(header, total, strict=True))["montant"]


@pytest.mark.parametrize(
    ("language", "column", "states"),
    [
        ("fr", "état", ["attribuée", "retirée"]),
        ("en", "state", ["awarded", "withdrawn"]),
    ],
)
def test_the_list_of_grants_says_its_states_in_its_language(
    made: Made, language: str, column: str, states: list[str]
) -> None:
    events = [a_vote(), an_award(40_000), an_award(60_000, grant="H"), a_withdrawal(grant="H")]
    url = made(journal_of_events(map(encoded, events)))
    path = f"/budgets/{BUDGET}/grants"
    as_csv_, xlsx = get(url, f"{path}.csv", f"{path}.xlsx", language=language)
    header, *rows, _ = rows_of(as_csv_.content, language)
    assert states == [row[header.index(column)] for row in rows]
    first, *others = [[cell.value for cell in row] for row in page_of(xlsx.content).iter_rows()]
    assert [*states, None] == [row[first.index(column)] for row in others]


def test_the_list_of_grants_has_real_days_in_a_spreadsheet(made_in_files: Made) -> None:
    url = made_in_files(journal_of(CARRIED))
    (answer,) = get(url, f"/budgets/{BUDGET}/grants.xlsx", language="fr")
    page = page_of(answer.content)
    assert (date(2023, 5, 15), "dd/mm/yyyy") == (page["C2"].value.date(), page["C2"].number_format)
    assert (2263600, "#,##0.00") == (page["H2"].value, page["H2"].number_format)


@given(amount_cents=st.integers(-LIMIT, LIMIT))
def test_every_amount_comes_back_to_the_cent(amount_cents: int) -> None:
    sheet = Sheet(TITLE, [Column(verbatim("amount"), Kind.CENTS)], [[amount_cents]])
    for language in Language:
        ((phrase,),) = rows_of(as_csv(sheet, language), language.value)[1:]
        assert Decimal(amount_cents) / 100 == Decimal(phrase.replace(",", "."))
        value = page_of(as_xlsx(sheet, language))["A2"].value
        # What a spreadsheet's number cannot hold to the cent is a text.
        assert isinstance(value, str) == (abs(amount_cents) >= 10**15)
        assert amount_cents == round(Decimal(str(value)) * 100)


TITLE = Column(verbatim("Trial")).label
HOSTILE = st.text(st.sampled_from("=+-@＝1a',;\"\t\r\n \u00a0\u2028|"), max_size=12)
FORMULAS = [
    "=1+1",
    "+33 6 12 34 56 78",
    "-2",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "  =1",
    "\u00a0=1",
    "＝1",
    '=HYPERLINK("http://x","y")',
    '"=1+1"',
    "Lille;=1+1",
    "Lille,=1+1",
    'Lille; "=1+1"',
    "Lille\t@SUM(A1)",
    "Lille\r\n=1+1",
    "Lille\u2028=1+1",
    "Lille, -5 %",
    "'=1+1",
    "Lille;'=1+1",
]
SEPARATORS = ",;\t"
WRITTEN = re.compile(
    r"(^|[,;\t\n\v\f\r\x85\u2028\u2029])([\s\"\ufeff\u200b]*)'('*)(?=[=+\-@＝＋－＠])"
)
"""Taking the first apostrophe away from each gives what was written."""
A_NUMBER = re.compile(r"-?[0-9]+([.,][0-9]{2})?")


def cells_of(content: bytes, separator: str) -> Iterator[str]:
    """Cells as a spreadsheet that expects this separator reads them, whoever wrote them."""
    text = re.sub("\r\n?", "\n", content.decode("utf-8-sig"))
    for row in csv.reader(re.findall("[^\n]*\n", text), delimiter=separator):
        yield from row


def is_formula(cell: str) -> bool:
    begins = cell.lstrip(' "\u00a0\u2028\r\n\t')[:1]
    return begins in set("=+-@＝＋－＠") and not A_NUMBER.fullmatch(cell)


def check_no_formula(sheet: Sheet) -> None:
    for language in Language:
        content = as_csv(sheet, language)
        cells = [cell for separator in SEPARATORS for cell in cells_of(content, separator)]
        # And read by somebody who knows of no quotes.
        cells += re.split(r"[,;\t\r\n\u2028]", content.decode("utf-8-sig"))
        assert [] == [cell for cell in cells if is_formula(cell)]


@pytest.mark.parametrize("formula", FORMULAS)
def test_no_text_is_a_formula(formula: str) -> None:
    sheet = Sheet(TITLE, [Column(verbatim("name"))], [[formula]])
    for language in Language:
        ((phrase,),) = rows_of(as_csv(sheet, language), language.value)[1:]
        assert phrase != formula
        assert formula == WRITTEN.sub(r"\1\2\3", phrase)
        cell = page_of(as_xlsx(sheet, language))["A2"]
        assert "s" == cell.data_type
        value = str(cell.value).replace("_x000D_\n", "\r\n")
        assert formula.strip("\r\n\t") in value.strip("\r\n\t")


@given(
    rows=st.lists(
        st.tuples(HOSTILE, st.integers(-LIMIT, LIMIT), HOSTILE, st.integers(-9, 9)), max_size=4
    )
)
def test_no_part_of_a_text_is_a_formula_whichever_separator_is_expected(
    rows: list[tuple[str, int, str, int]],
) -> None:
    kinds = (Kind.TEXT, Kind.CENTS, Kind.TEXT, Kind.NUMBER)
    sheet = Sheet(TITLE, [Column(verbatim("a"), kind) for kind in kinds], rows)
    check_no_formula(sheet)
    for language in Language:
        for row, (first, cents, second, count) in zip(
            rows_of(as_csv(sheet, language), language.value)[1:], rows, strict=True
        ):
            assert [first, second] == [WRITTEN.sub(r"\1\2\3", row[at]) for at in (0, 2)]
            assert Decimal(cents) / 100 == Decimal(row[1].replace(",", "."))
            assert count == int(row[3])


@pytest.mark.parametrize("texts", ["", "Lille = Lomme", "a-b", "'quoted'", "12", "«\u00a0–\u00a0»"])
def test_other_texts_stay_as_they_are(texts: str) -> None:
    assert texts == escape_formulas(texts)


def test_a_grant_named_like_a_formula_is_harmless(made_in_files: Made) -> None:
    url = made_in_files(
        journal_of_events(
            map(encoded, [a_vote(), an_award(title='=cmd|" /C calc"!A0', grant="=1+1")])
        )
    )
    csv_file, xlsx = get(url, f"/budgets/{BUDGET}/grants.csv", f"/budgets/{BUDGET}/grants.xlsx")
    row = rows_of(csv_file.content, "en")[1]
    assert ['\'=cmd|" /C calc"!A0', "'=1+1"] == [row[6], row[11]]
    page = page_of(xlsx.content)
    assert [("s", "=1+1")] == [(page["L2"].data_type, page["L2"].value)]


def test_separators_and_quotes_in_texts_do_not_move_columns() -> None:
    texts = 'a;b,c "d"\ne'
    columns = [Column(verbatim("name")), Column(verbatim("n"), Kind.NUMBER)]
    sheet = Sheet(TITLE, columns, [[texts, 3]])
    for language in Language:
        assert [[texts, "3"]] == rows_of(as_csv(sheet, language), language.value)[1:]


def test_the_same_statement_is_the_same_bytes() -> None:
    sheet = Sheet(TITLE, [Column(verbatim("day"), Kind.DAY)], [[date(2023, 4, 12)], [None]])
    assert as_xlsx(sheet, Language.FR) == as_xlsx(sheet, Language.FR)


@pytest.mark.parametrize(
    ("part", "whole", "rate"),
    [(0, 100, 0), (100, 100, 1000), (99_999, 100_000, 999), (1, 3, 333), (5, 0, None)],
)
def test_a_rate_is_rounded_down_and_full_only_where_all_is(
    part: int, whole: int, rate: int | None
) -> None:
    assert rate == per_mille(part, whole)


@pytest.mark.parametrize(
    ("amount_cents", "phrase"), [(0, "0,00"), (5, "0,05"), (-5, "-0,05"), (135560000, "1355600,00")]
)
def test_cents_are_spelled_as_euros(amount_cents: int, phrase: str) -> None:
    assert phrase == euros(amount_cents, ",")


def test_rates_count_what_has_passed_their_stage() -> None:
    line = LineBalance(
        budget=BUDGET,
        line=BudgetLine("65", "65748", None, None),
        appropriated_cents=1000,
        available_cents=100,
        reserved_cents=200,
        committed_cents=300,
        ordered_cents=150,
        paid_cents=200,
        carried_over_cents=50,
    )
    total = execution_of(BUDGET, [line]).total
    assert (700, 350, 200) == (
        total.committed_per_mille,
        total.ordered_per_mille,
        total.paid_per_mille,
    )


def test_a_chapter_is_the_sum_of_its_articles(made_in_files: Made) -> None:
    line = {"chapter": "65", "article": "6573", "function": "61"}
    vote = a_vote(
        appropriations=[an_amount(100_000), an_amount(50_001, line=line)],
    )
    journal = journal_of_events(map(encoded, [vote, an_award(), a_convention(), a_payment(33_333)]))
    url = made_in_files(journal)
    (answer,) = get(url, f"/budgets/{BUDGET}/execution")
    (chapter,) = answer.json()["chapters"]
    assert [("6573", 50_001, 0), ("65748", 100_000, 333)] == [
        (each["article"], each["appropriated_cents"], each["paid_per_mille"])
        for each in chapter["articles"]
    ]
    assert (150_001, 222) == (chapter["appropriated_cents"], chapter["paid_per_mille"])


MORE_THAN_PARAMETERS = 17_000
"""PostgreSQL takes 32,767 values in one statement, and a grant's key is two."""


def test_a_list_has_as_many_grants_as_a_city_awards(postgresql_url: str) -> None:
    url = databases.prepared(postgresql_url)
    fill(url, journal_of_events([encoded(a_vote())]))
    names = [f"G{number:05d}" for number in range(MORE_THAN_PARAMETERS)]
    rows = [
        {
            "budget": BUDGET,
            "grant_ref": name,
            "state": "awarded",
            "awarded_cents": 100,
            "sequence": 1,
        }
        for name in names
    ]

    async def award() -> None:
        engine = make_engine(url)
        try:
            async with engine.begin() as connection:
                await connection.execute(insert(grants), rows)
        finally:
            await engine.dispose()

    asyncio.run(award())
    (answer,) = get(url, f"/budgets/{BUDGET}/grants.csv")
    assert 200 == answer.status_code, answer.text
    header, *listed, total = rows_of(answer.content, "en")
    assert names == [row[header.index("grant")] for row in listed]
    assert f"{MORE_THAN_PARAMETERS}.00" == total[header.index("montant")]
