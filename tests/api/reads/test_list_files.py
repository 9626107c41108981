"""Lists as files: their rows are those of all pages with the same filters."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

import openpyxl
import pytest

from services.api.statements import list_file
from tests.api.environment import LILLE_KEY, ROUBAIX, HandClock
from tests.api.made import Made
from tests.api.reads.answers import get, items
from tests.api.reads.two_entities import LILLE_BUDGET, ROUBAIX_BUDGET, both
from tests.builders import a_vote, an_award, encoded
from tests.read_model.filling import GOLDEN, golden, journal_of, journal_of_events

DELIMITERS: Final = {"fr": ";", "en": ","}
NOW: Final = datetime(2023, 7, 20, 22, 30, tzinfo=UTC)
"""On French clocks it is the 21st."""

HARD_YEAR: Final = "hard-year-2023"
Row = dict[str, Any]

LISTS: Final[dict[str, tuple[Callable[[Row], str], str]]] = {
    "/payment-orders": (lambda row: row["payment_order"], "payment order"),
    "/payment-orders?state=paid&state=rejected": (
        lambda row: row["payment_order"],
        "payment order",
    ),
    "/payment-orders?sort=-amount": (lambda row: row["payment_order"], "payment order"),
    "/payment-orders?due_from=2023-08-01&due_until=2023-12-31": (
        lambda row: row["payment_order"],
        "payment order",
    ),
    "/grants": (lambda row: row["grant"], "grant"),
    "/grants?search=avenirs&sort=-paid": (lambda row: row["grant"], "grant"),
    "/refusals": (lambda row: row["event_id"], "event id"),
    "/refusals?code=insufficient_credit": (lambda row: row["event_id"], "event id"),
    "/refusals?settled=false": (lambda row: row["event_id"], "event id"),
    "/parked?ended=true": (lambda row: row["event_id"], "event id"),
    "/dead-letters": (lambda row: row["reason"], "pointer"),
    "/review-flags": (lambda row: str(row["sequence"]), "record no."),
    "/balances/lines": (lambda row: row["line"]["article"], "article"),
    "/balances/lines?effective_on=2023-06-30": (lambda row: row["line"]["article"], "article"),
}
"""By its address: what tells a row of a page from others, and the column that holds the same."""


def of_format(path: str, suffix: str) -> str:
    name, _, query = path.partition("?")
    return f"{name}.{suffix}" + (f"?{query}" if query else "")


def parts_of(content: bytes) -> tuple[dict[str, str], list[Row]]:
    """The heading of a CSV in English, and its rows without the totals."""
    rows = list(csv.reader(io.StringIO(content.decode("utf-8"), newline=""), strict=True))
    empty = rows.index([])
    heading = {row[0]: row[1] if len(row) > 1 else "" for row in rows[:empty]}
    columns, *found = rows[empty + 1 :]
    listed = [dict(zip(columns, row, strict=True)) for row in found]
    return heading, listed[:-1] if listed and listed[-1][columns[0]] == "Total" else listed


def all_pages(url: str, path: str) -> list[Row]:
    """The rows of the list, three on a page."""
    found: list[Row] = []
    sign = "&" if "?" in path else "?"
    cursor = ""
    while True:
        (answer,) = get(url, f"{path}{sign}limit=3{cursor}")
        found += items(answer)
        following = answer.json()["next"]
        if following is None:
            return found
        cursor = f"&cursor={quote(following)}"


@pytest.mark.parametrize("path", LISTS)
def test_a_file_has_the_rows_of_all_pages_in_their_order(made: Made, path: str) -> None:
    key, column = LISTS[path]
    url = made(journal_of(GOLDEN / f"{HARD_YEAR}.events.jsonl"))
    expected = [key(row) for row in all_pages(url, path)]
    as_csv, as_xlsx = get(url, of_format(path, "csv"), of_format(path, "xlsx"))
    assert expected, "nothing is compared"
    heading, rows = parts_of(as_csv.content)
    assert expected == [row[column] for row in rows]
    assert f"{len(rows)} row{'s' if len(rows) > 1 else ''}" == heading["rows"]
    page = openpyxl.load_workbook(io.BytesIO(as_xlsx.content)).active
    assert page is not None
    assert next(iter(heading)) == page["A1"].value == page.title
    lines = [[cell.value for cell in row] for row in page.iter_rows()]
    columns = next(line for line in lines if column in line)
    at, first = columns.index(column), lines.index(columns) + 1
    assert expected == [str(line[at]) for line in lines[first : first + len(expected)]]


def test_what_a_withdrawn_grant_was_awarded_is_in_no_total(made: Made) -> None:
    (answer,) = get(made(golden("turns-2023")), "/grants.csv")
    heading, rows = parts_of(answer.content)
    assert "4 rows" == heading["rows"]
    assert ["1090.03", "222.22", "70.00", "500.00"] == [row["awarded amount"] for row in rows]
    *_, total = csv.reader(io.StringIO(answer.content.decode("utf-8")))
    assert "1312.25" == total[[*rows[0]].index("awarded amount")]


@pytest.mark.parametrize(
    ("language", "column", "phrase"),
    [("fr", "explication", "Crédits"), ("en", "explanation", "credit")],
)
def test_a_refusal_is_explained_in_the_language_of_the_file(
    made: Made, language: str, column: str, phrase: str
) -> None:
    url = made(journal_of(GOLDEN / f"{HARD_YEAR}.events.jsonl"))
    (answer,) = get(url, "/refusals.xlsx?code=insufficient_credit", language=language)
    page = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    assert page is not None
    lines = [[cell.value for cell in row] for row in page.iter_rows()]
    at, columns = next((at, line) for at, line in enumerate(lines) if column in line)
    sentence = str(lines[at + 1][columns.index(column)])
    assert phrase in sentence
    assert sentence.endswith(".")
    (as_csv,) = get(url, "/refusals.csv?code=insufficient_credit", language=language)
    assert sentence.replace('"', '""') in as_csv.content.decode("utf-8")


def test_a_heading_says_whose_of_which_day_up_to_which_record_and_by_which_filters(
    made_in_files: Made,
) -> None:
    url = made_in_files(both())
    path = f"/payment-orders.csv?budget={ROUBAIX_BUDGET}&state=issued&due_until=2024-01-31"
    (answer,) = get(url, path, clock=HandClock(NOW))
    heading, _ = parts_of(answer.content)
    assert "attachment; filename=" in answer.headers["content-disposition"]
    assert {
        "Payment orders": "",
        "entity": ROUBAIX,
        "budget": "00",
        "fiscal year": "2023",
        "drawn up on": "2023-07-21",
        "up to record no.": "9",
        "state": "issued",
        "due until": "2024-01-31",
    } == {name: text for name, text in heading.items() if name != "rows"}


def test_a_heading_names_every_entity_that_its_reader_sees(made_in_files: Made) -> None:
    url = made_in_files(both())
    (of_all,) = get(url, "/payment-orders.csv")
    (of_one,) = get(url, "/payment-orders.csv", key=LILLE_KEY)
    headings = [parts_of(each.content)[0] for each in (of_all, of_one)]
    assert ["all", LILLE_BUDGET[:14]] == [each["entity"] for each in headings]
    assert headings[0]["journal read up to"].startswith("partition 0, offset ")
    assert f"{LILLE_BUDGET}, record 7" == headings[1]["journal read up to"]
    assert {LILLE_BUDGET} == {row["budget"] for row in parts_of(of_one.content)[1]}


def test_a_list_that_is_too_long_says_that_it_is_cut(
    made_in_files: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = made_in_files(
        journal_of_events(
            encoded(each) for each in [a_vote(), *(an_award(100, grant=f"G{n}") for n in range(4))]
        )
    )
    monkeypatch.setattr(list_file, "ROWS_MAX", 3)
    (answer,) = get(url, "/grants.csv")
    heading, rows = parts_of(answer.content)
    assert ["G0", "G1", "G2"] == [row["grant"] for row in rows]
    assert "the first 3 rows only: narrow the filters for the others" == heading["rows"]


def test_the_moves_behind_a_figure_add_up_to_it(made: Made) -> None:
    url = made(journal_of(GOLDEN / f"{HARD_YEAR}.events.jsonl"))
    path = f"/balances/figure.csv?budget={LILLE_BUDGET}&stage=available"
    (answer,) = get(url, path)
    (chapters,) = get(url, f"/balances/chapters?budget={LILLE_BUDGET}")
    _, rows = parts_of(answer.content)
    available_cents = sum(row["available_cents"] for row in items(chapters))
    cents = [int(row["amount"].replace(".", "")) for row in rows]
    assert available_cents == sum(cents) == int(rows[-1]["figure after"].replace(".", ""))


@pytest.mark.parametrize("language", ["fr", "en"])
def test_columns_have_names_of_their_own(made_in_files: Made, language: str) -> None:
    url = made_in_files(journal_of(GOLDEN / f"{HARD_YEAR}.events.jsonl"))
    paths = [of_format(path, "csv") for path in (*LISTS, "/payment-plan")]
    for path, answer in zip(paths, get(url, *paths, language=language), strict=True):
        lines = answer.content.decode("utf-8-sig").splitlines()
        (columns,) = csv.reader([lines[lines.index("") + 1]], delimiter=DELIMITERS[language])
        assert len(columns) == len(set(columns)) > 3, path
        assert not [each for each in columns if each.startswith("de l'")], path


@pytest.mark.parametrize("path", ["/payment-orders.csv?limit=3", "/grants.pdf", "/grants.csv?x=1"])
def test_what_a_file_does_not_know_is_refused(made_in_files: Made, path: str) -> None:
    (answer,) = get(made_in_files(both()), path)
    assert answer.status_code == 422
