"""Lists as files: their rows are those of all pages with the same filters."""

import csv
import io
from datetime import UTC, datetime
from typing import Final

import openpyxl
import pytest

from services.api.files import list_file
from tests.api.environment import LILLE_KEY, ROUBAIX, HandClock
from tests.api.made import Made
from tests.api.reads.answers import BUDGET, YEAR, get, items
from tests.api.reads.csv_parts import parts_of
from tests.api.reads.two_entities import LILLE_BUDGET, ROUBAIX_BUDGET, both
from tests.builders import a_vote, an_award, encoded
from tests.read_model.filling import GOLDEN, golden, journal_of, journal_of_events

NOW: Final = datetime(2023, 7, 20, 22, 30, tzinfo=UTC)
"""On French clocks it is the 21st."""

HARD_YEAR: Final = "hard-year-2023"


def test_what_a_withdrawn_grant_was_awarded_is_in_no_total(made: Made) -> None:
    (answer,) = get(made(golden("turns-2023")), "/grants.csv")
    heading, _, rows = parts_of(answer.content)
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
    heading, *_ = parts_of(answer.content)
    assert "attachment; filename=" in answer.headers["content-disposition"]
    assert {
        "Payment orders": "",
        "entity": ROUBAIX,
        "budget": "00",
        "fiscal year": "2023",
        "drawn up on": "2023-07-21",
        "up to record no.": "10",
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
    assert {LILLE_BUDGET} == {row["budget"] for row in parts_of(of_one.content)[2]}


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
    heading, _, rows = parts_of(answer.content)
    assert ["G0", "G1", "G2"] == [row["grant"] for row in rows]
    assert "the first 3 rows only: narrow the filters for the others" == heading["rows"]


def test_the_moves_behind_a_figure_add_up_to_it(made: Made) -> None:
    url = made(journal_of(GOLDEN / f"{HARD_YEAR}.events.jsonl"))
    path = f"/balances/figure.csv?budget={LILLE_BUDGET}&stage=available"
    (answer,) = get(url, path)
    (chapters,) = get(url, f"/balances/chapters?budget={LILLE_BUDGET}")
    *_, rows = parts_of(answer.content)
    available_cents = sum(row["available_cents"] for row in items(chapters))
    cents = [int(row["amount"].replace(".", "")) for row in rows]
    assert available_cents == sum(cents) == int(rows[-1]["figure after"].replace(".", ""))


@pytest.mark.parametrize(
    ("query", "as_of", "last"),
    [
        ("", "moves of all days", "10"),
        ("&known_at=4", "moves of all days", "4"),
        ("&effective_on=2023-06-30", "2023-06-30", "10"),
        ("&effective_on=2023-06-30&known_at=4", "2023-06-30", "4"),
    ],
)
@pytest.mark.parametrize(
    "path", [f"/budgets/{BUDGET}/execution.csv?lang=en", f"/balances/lines.csv?budget={BUDGET}"]
)
def test_figures_are_as_of_a_day_only_where_one_was_asked_for(
    made_in_files: Made, path: str, query: str, as_of: str, last: str
) -> None:
    (answer,) = get(made_in_files(journal_of(YEAR)), path + query, clock=HandClock(NOW))
    heading, *_ = parts_of(answer.content)
    assert (as_of, "2023-07-21", last) == tuple(
        heading[name] for name in ("as of", "drawn up on", "up to record no.")
    )
