"""Names of codes, budgets and entities in files, as the pages show them."""

import csv
import io
from pathlib import Path
from typing import Any, Final

import openpyxl
import pytest

from services.api.code_names import city_names
from tests.api.made import Made
from tests.api.reads.answers import BUDGET, YEAR, get
from tests.read_model.filling import journal_of

CITY: Final = city_names(
    (Path(__file__).parents[3] / "deploy" / "names.example.yaml").read_text(encoding="utf-8")
)
CHAPTER: Final = "Autres charges de gestion courante"
ARTICLE: Final = "Subventions de fonctionnement – Autres personnes de droit privé"


def table(url: str, path: str, names: Any = CITY) -> tuple[dict[str, str], list[dict[str, str]]]:
    """The heading of a CSV, and its rows by column, the totals last."""
    (answer,) = get(url, path, names=names)
    assert 200 == answer.status_code, answer.text
    rows = list(csv.reader(io.StringIO(answer.content.decode()), strict=True))
    empty = rows.index([]) if [] in rows else -1
    heading = {row[0]: row[-1] for row in rows[: max(empty, 0)]}
    columns, *found = rows[empty + 1 :]
    assert len(set(columns)) == len(columns)
    return heading, [dict(zip(columns, row, strict=True)) for row in found]


@pytest.mark.parametrize("path", ["/grants.csv", "/payment-orders.csv", "/payment-plan.csv?"])
def test_grants_and_orders_name_their_entity_and_their_budget(
    made_in_files: Made, path: str
) -> None:
    url = made_in_files(journal_of(YEAR)[:-1])
    _, rows = table(url, path)
    named = {(row["name of the entity"], row["name of the budget"]) for row in rows[:-1]}
    assert {("Lille", "budget principal")} == named


def test_a_code_that_nobody_has_named_stands_alone(made_in_files: Made) -> None:
    (answer,) = get(made_in_files(journal_of(YEAR)), f"/grants.csv?budget={BUDGET}")
    rows = list(csv.DictReader(answer.text.split("\r\n\r\n")[1].splitlines()))
    assert {("", "")} == {
        (row["name of the entity"], row["name of the budget"]) for row in rows[:1]
    }


def test_a_filter_by_a_code_is_named_in_the_heading(made_in_files: Made) -> None:
    url = made_in_files(journal_of(YEAR))
    heading, rows = table(url, f"/balances/lines.csv?budget={BUDGET}&chapter=65&operation=489")
    assert "21590350100017 – Lille" == heading["entity"]
    assert "00 – budget principal" == heading["budget"]
    assert f"65 – {CHAPTER}" == heading["chapter"]
    assert heading["operation"].startswith("489 – Mission locale")
    assert CHAPTER == rows[0]["name of the chapter"]
    assert rows[0]["name of the line"].startswith(f"{ARTICLE} · ")
    assert "Mission locale" in rows[0]["name of the line"]


def test_the_moves_behind_a_figure_name_their_lines(made_in_files: Made) -> None:
    url = made_in_files(journal_of(YEAR))
    _, rows = table(url, f"/balances/figure.csv?budget={BUDGET}&stage=paid")
    assert {CHAPTER} == {row["name of the chapter"] for row in rows[:-1]}
    assert {"Lille"} == {row["name of the entity"] for row in rows[:-1]}


def test_the_execution_names_articles_chapters_and_lines(made_in_files: Made) -> None:
    url = made_in_files(journal_of(YEAR))
    _, rows = table(url, f"/budgets/{BUDGET}/execution.csv")
    assert [ARTICLE, CHAPTER, ""] == [row["name"] for row in rows]
    (answer,) = get(url, f"/budgets/{BUDGET}/execution.xlsx", names=CITY)
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    cells = [[cell.value for cell in row] for row in book["Line by line"].iter_rows()]
    columns = next(row for row in cells if "function" in row)
    at, operation = columns.index("name of the line"), columns.index("operation")
    (mission,) = (row[at] for row in cells if row[operation] == "489")
    assert "Mission locale" in str(mission)


def test_the_open_data_list_of_grants_names_who_grants(made_in_files: Made) -> None:
    _, rows = table(made_in_files(journal_of(YEAR)), f"/budgets/{BUDGET}/grants.csv")
    assert ["nomAttribuant", "idAttribuant"] == list(rows[0])[:2]
    assert "Lille" == rows[0]["nomAttribuant"]
