"""Every list by one contract: pages, filters, order, cursor, file, page, tag, language, right."""

import base64
import csv
import io
import json
import re
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from html import unescape
from typing import Any, Final

import openpyxl
import pytest

from tests.api.environment import LILLE_KEY, READ_KEY
from tests.api.lists.loaded import Reader
from tests.api.lists.rows import ListRow, Row, member
from tests.api.lists.table import (
    DEAD_LETTERS,
    FILES_ALONE,
    LISTS,
    ORDERS,
    PARKED,
    REFUSALS,
)
from tests.api.reads.answers import SENDER_KEY, items
from tests.api.reads.csv_parts import parts_of
from tests.api.reads.walking import document_paths, with_query

PAGES: Final = 12
"""How many pages a long list is read in; a short one comes row by row."""

EACH: Final = pytest.mark.parametrize("row", LISTS, ids=str)
FILTERS: Final = [(row, name) for row in LISTS for name in row.filters]
SORTS: Final = [(row, sign + name) for row in LISTS for name in row.sorts for sign in ("", "-")]
WITH_FILE: Final = [row for row in LISTS if row.column is not None]
WITH_PAGE: Final = [row for row in LISTS if row.page is not None]
TITLES: Final = {"en": "Unknown cursor", "fr": "Curseur inconnu"}
HREF: Final = re.compile(r'href="([^"?#]*)')
Asked = Mapping[str, Any]


def address(row: ListRow, asked: Asked | None = None, suffix: str = "") -> str:
    return with_query(row.path + suffix, {**row.asked, **(asked or {})})


def whole(reader: Reader, row: ListRow, asked: Asked | None = None) -> list[Row]:
    """All rows that the list has by this question."""
    (answer,) = reader(row, address(row, {"limit": "1000", **(asked or {})}))
    rows = items(answer)
    path = answer.links["next"]["url"] if "next" in answer.links else None
    while path is not None:
        (answer,) = reader(row, path)
        rows += items(answer)
        path = answer.links["next"]["url"] if "next" in answer.links else None
    return rows


def in_pages(reader: Reader, row: ListRow, limit: int, asked: Asked | None = None) -> list[Row]:
    """The same, page by page as the cursor leads on."""
    rows: list[Row] = []
    cursor: Asked = {}
    while True:
        (answer,) = reader(row, address(row, {"limit": str(limit), **(asked or {}), **cursor}))
        found = items(answer)
        rows += found
        following = answer.json()["next"]
        if following is None:
            return rows
        assert limit == len(found)
        cursor = {"cursor": following}
        assert row.of_treasury or f"cursor={following}" in answer.links["next"]["url"]


def key_of(row: ListRow, each: Row) -> list[Any]:
    values = zip(row.key, row.key_of(each), strict=True)
    return [datetime.fromisoformat(value) if name.endswith(("_time", "_at")) else value
            for name, value in values]  # fmt: skip


def some_row(row: ListRow, rows: list[Row], name: str) -> tuple[Row, Asked]:
    """A row that has a value for this filter, not the first, and the question for it."""
    middle = len(rows) // 2
    for each in [*rows[middle:], *rows[:middle]]:
        asked = row.filters[name].ask(each)
        if asked is not None and name in asked:
            return each, asked
    raise AssertionError(f"no row has a value for {name}")


@EACH
def test_pages_put_together_are_the_list_in_its_order(reader: Reader, row: ListRow) -> None:
    rows = whole(reader, row)
    keys = [key_of(row, each) for each in rows]
    assert len(rows) > 1, "nothing is put together"
    assert sorted(keys, reverse=row.newest) == keys or row.sorts
    assert len(rows) == len({row.key_of(each) for each in rows})
    assert rows == in_pages(reader, row, 1 + len(rows) // PAGES)


@pytest.mark.parametrize(("row", "sort"), SORTS, ids=str)
def test_a_list_is_sorted_as_asked_and_goes_on_in_that_order(
    reader: Reader, row: ListRow, sort: str
) -> None:
    value = row.sorts[sort.removeprefix("-")]
    rows = whole(reader, row, {"sort": sort})
    expected = sorted(
        rows, key=lambda each: (value(each), *row.key_of(each)), reverse=sort.startswith("-")
    )
    assert expected == rows
    assert rows == in_pages(reader, row, 1 + len(rows) // PAGES, {"sort": sort})
    assert {row.key_of(each) for each in whole(reader, row)} == {row.key_of(e) for e in rows}


@pytest.mark.parametrize(("row", "name"), FILTERS, ids=str)
def test_a_filter_lets_through_what_it_says_and_all_of_it(
    reader: Reader, row: ListRow, name: str
) -> None:
    rows = whole(reader, row)
    chosen, asked = some_row(row, rows, name)
    expected = [each for each in rows if row.filters[name].lets_through(each, chosen)]
    assert expected == whole(reader, row, asked)
    assert expected == in_pages(reader, row, 1 + len(expected) // 2, asked)
    assert len(expected) < len(rows) or row.of_treasury, "it lets everything through"


@pytest.mark.parametrize("row", WITH_FILE, ids=str)
def test_a_file_has_the_rows_of_all_pages_in_their_order(reader: Reader, row: ListRow) -> None:
    rows = whole(reader, row)
    questions: list[Asked] = [{}, *({"sort": f"-{each}"} for each in list(row.sorts)[-1:])]
    questions += [some_row(row, rows, name)[1] for name in row.filters]
    for asked in questions:
        found = whole(reader, row, asked)
        shown_path = row.cell or row.key[-1]
        expected = [str(member(each, shown_path) or "") for each in found]
        as_csv, as_xlsx = reader(row, *(address(row, asked, end) for end in (".csv", ".xlsx")))
        heading, columns, listed = parts_of(as_csv.content)
        at = columns.index(str(row.column))
        assert expected == [each[columns[at]] for each in listed], asked
        assert f"{len(expected)} row{'s' if len(expected) > 1 else ''}" == heading["rows"]
        page = openpyxl.load_workbook(io.BytesIO(as_xlsx.content)).active
        assert page is not None
        assert next(iter(heading)) == page["A1"].value == page.title
        lines: list[list[Any]] = [[cell.value for cell in line] for line in page.iter_rows()]
        first = lines.index(columns) + 1
        cells = [line[at] for line in lines[first : first + len(expected)]]
        assert expected == ["" if cell is None else str(cell) for cell in cells]


@pytest.mark.parametrize("path", [*(row.path for row in WITH_FILE), "/payment-plan"])
def test_columns_have_names_of_their_own_in_both_languages(reader: Reader, path: str) -> None:
    names = []
    for language, delimiter in (("fr", ";"), ("en", ",")):
        (answer,) = reader(ORDERS, f"{path}.csv", language=language)
        lines = answer.content.decode("utf-8-sig").splitlines()
        (columns,) = csv.reader([lines[lines.index("") + 1]], delimiter=delimiter)
        assert len(columns) == len(set(columns)) > 3
        assert not [each for each in columns if each.startswith("de l'")]
        names.append(columns)
    assert names[0] != names[1]


@pytest.mark.parametrize("row", WITH_PAGE, ids=str)
def test_its_page_has_the_rows_of_the_list_in_their_order(reader: Reader, row: ListRow) -> None:
    assert row.link is not None
    asked = {"settled": "false"} if "settled" in row.filters else {}
    (page,) = reader(row, str(row.page), headers={"accept": "text/html"})
    expected = [row.link(each) for each in whole(reader, row, asked)]
    found = [each for href in HREF.findall(page.text) if (each := unescape(href)) in {*expected}]
    shown = list(dict.fromkeys(found))
    assert shown
    assert list(dict.fromkeys(expected))[: len(shown)] == shown


@EACH
def test_what_cannot_be_asked_is_refused_and_named(reader: Reader, row: ListRow) -> None:
    names = asked_of(row) - {"cursor"}
    bad = [(name, "\0") for name in names] + [("limit", "0"), ("limit", "1001"), ("colour", "red")]
    paths = [with_query(row.path, {**row.asked, name: value}) for name, value in bad]
    for (name, _), answer in zip(bad, reader(row, *paths), strict=True):
        assert (422, "invalid_request") == (answer.status_code, answer.json()["code"]), name
        assert name in answer.json()["detail"]
    if row.column is not None:
        files = [address(row, suffix=".pdf"), address(row, {"x": "1"}, ".csv")]
        files += [address(row, {"limit": "3"}, ".csv")]
        assert {422} == {each.status_code for each in reader(row, *files)}


def a_cursor(*members: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(members).encode()).decode().rstrip("=")


@EACH
def test_a_cursor_is_of_its_list_and_its_question_alone(reader: Reader, row: ListRow) -> None:
    rows = whole(reader, row)
    (answer,) = reader(row, address(row, {"limit": "1"}))
    cursor = answer.json()["next"]
    fingerprint, *key = json.loads(base64.urlsafe_b64decode(cursor + "=="))
    other = next(each for each in LISTS if each.of_treasury == row.of_treasury and each != row)
    _, filtered = some_row(row, rows, next(iter(row.filters)))
    bad = [
        address(other, {"cursor": cursor}),
        address(row, {**filtered, "cursor": cursor}),
        *(address(row, {"cursor": each}) for each in (
            cursor[:-2], "é", "AAAA", "\0", a_cursor(), a_cursor(fingerprint),
            a_cursor(fingerprint, *key, 3), a_cursor(fingerprint, *("\0" for _ in key)),
            a_cursor(fingerprint, *([1] for _ in key)), a_cursor("another", *key),
        )),
    ]  # fmt: skip
    for language, title in TITLES.items():
        for path, refused in zip(bad, reader(row, *bad, language=language), strict=True):
            body = refused.json()
            assert (400, "cursor_unknown", title) == (
                refused.status_code, body["code"], body["title"],
            ), path  # fmt: skip
    (again,) = reader(row, address(row, {"limit": "7", "lang": "fr", "cursor": cursor}))
    assert rows[1:8] == items(again) or row.of_treasury
    assert len(rows[1:8]) == len(items(again))


@EACH
def test_who_has_the_answer_is_shown_304_and_it_is_another_for_another_question(
    reader: Reader, row: ListRow
) -> None:
    path = address(row, {"limit": "1"})
    first, again = reader(row, path, path)
    assert first.content == again.content
    if not row.is_tagged:
        assert ("etag" in first.headers, first.headers["cache-control"]) == (False, "no-store")
        return
    tag = first.headers["etag"]
    (known,) = reader(row, path, headers={"If-None-Match": f'"other", {tag}'})
    assert (304, b"", tag) == (known.status_code, known.content, known.headers["etag"])
    tags = [tag, reader(row, address(row, {"limit": "2"}))[0].headers["etag"]]
    tags += [reader(row, path, language="fr")[0].headers["etag"]]
    if "budget" not in row.asked:
        tags += [reader(row, path, key=LILLE_KEY)[0].headers["etag"]]
    assert len(tags) == len({*tags})


@EACH
def test_an_answer_says_its_language_and_asks_for_a_right(reader: Reader, row: ListRow) -> None:
    path = address(row)
    for language in ("fr", "en"):
        (answer,) = reader(row, path, language=language)
        assert language == answer.headers.get("content-language", language)
        assert row.of_treasury or "content-language" in answer.headers
    nobody = {SENDER_KEY: 403, "nobody's": 401} | ({READ_KEY: 403} if row.of_treasury else {})
    for key, status in nobody.items():
        files = [address(row, suffix=".csv")] if row.column else []
        for answer in reader(row, path, *files, key=key):
            assert status == answer.status_code
            assert "application/problem+json" == answer.headers["content-type"]


@pytest.mark.parametrize("name", ["article", "function", "operation"])
def test_chapters_by_a_code_are_the_sums_of_their_lines(reader: Reader, name: str) -> None:
    lines, chapters = (
        next(each for each in LISTS if each.path == f"/balances/{kind}")
        for kind in ("lines", "chapters")
    )
    _, asked = some_row(lines, whole(reader, lines), name)
    sums: dict[tuple[str, str], int] = {}
    for each in whole(reader, lines, asked):
        key = (each["budget"], each["line"]["chapter"])
        sums[key] = sums.get(key, 0) + each["paid_cents"]
    found = whole(reader, chapters, asked)
    assert sums == {(each["budget"], each["chapter"]): each["paid_cents"] for each in found}


@pytest.mark.parametrize(
    ("row", "name"), [(REFUSALS, "settled"), (DEAD_LETTERS, "settled"), (PARKED, "")], ids=str
)
def test_numbers_by_reason_are_those_of_the_list(reader: Reader, row: ListRow, name: str) -> None:
    questions: list[Asked] = [{}, {name: "false"}, {name: "true"}] if name else [{}]
    for asked in questions:
        rows = whole(reader, row, asked if name else {"ended": "false"})
        reason = next(each for each in ("code", "kind") if each in row.filters)
        codes = Counter(next(iter((row.filters[reason].ask(each) or {}).values())) for each in rows)
        (answer,) = reader(row, with_query(f"{row.path}/counts", asked))
        assert codes == {each["code"]: each["count"] for each in answer.json()}


def test_parked_events_that_wait_are_none_of_those_that_wait_no_more(reader: Reader) -> None:
    ended, waiting = (whole(reader, PARKED, {"ended": each}) for each in ("true", "false"))
    assert [False, True] == [
        each
        for rows in (ended, waiting)
        for each in {one["ended_sequence"] is None for one in rows}
    ]


def asked_of(row: ListRow) -> set[str]:
    """The names in the query of a list, as the document has them."""
    parameters = document_paths()[row.path]["get"]["parameters"]
    return {each["name"] for each in parameters if each["in"] == "query"}


def test_every_list_and_every_file_of_the_document_is_in_the_table() -> None:
    paths = document_paths()
    lists = {path for path, methods in paths.items() if "/Page_" in json.dumps(methods.get("get"))}
    assert {row.path for row in LISTS} == lists
    files = {path for path in paths if path.endswith(".{file_format}")}
    assert files == {f"{row.path}.{{file_format}}" for row in WITH_FILE} | FILES_ALONE.keys()
    for row in LISTS:
        if row.sorts:
            pattern = next(
                each["schema"]["pattern"]
                for each in paths[row.path]["get"]["parameters"]
                if each["name"] == "sort"
            )
            assert f"^-?({'|'.join(row.sorts)})$" == pattern
        known = row.filters.keys() | row.beside | ({"sort"} if row.sorts else set())
        assert asked_of(row) - {"lang", "limit", "cursor"} == known, row.path
