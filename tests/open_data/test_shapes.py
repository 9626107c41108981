"""Files in every shape that real ones have: each row has its outcome; the clean file is valid."""

import io
from collections.abc import Iterator

import pytest

from events.texts import Translatable
from services.open_data.judging import Judged, Outcome, decoded_again, judge
from services.open_data.reading import LINE_BYTES_MAX, NotATable, read
from services.open_data.writing import row_writer
from services.texts.translation import both
from tests.open_data.schema_check import faults, rows_of
from tests.open_data.shapes import NO_TABLES, ROW, SHAPES, Shape, a_file, a_row, lines_of

EACH = pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)


def judged(content: bytes) -> Iterator[Judged]:
    columns, records = read(io.BytesIO(content))
    return (judge(each, columns) for each in records)


def cleaned(content: bytes) -> bytes:
    written = io.StringIO(newline="")
    write = row_writer(written)
    for each in judged(content):
        if each.values is not None:
            write(each.values)
    return written.getvalue().encode()


def only(content: bytes) -> Judged:
    (row,) = judged(content)
    return row


def why(row: Judged, field: str) -> str:
    return both(row.fields[field].text).en


@EACH
def test_each_row_has_its_outcome_once(shape: Shape) -> None:
    found = list(judged(shape.content))
    assert shape.outcomes == [each.outcome for each in found]
    assert [*range(1, len(found) + 1)] == [each.row for each in found]


@EACH
def test_the_clean_file_is_valid_and_has_all_rows_that_are_not_refused(shape: Shape) -> None:
    content = cleaned(shape.content)
    assert [] == faults(content)
    assert len(shape.outcomes) - shape.outcomes.count("refused") == len(rows_of(content))


@EACH
def test_a_clean_file_is_taken_as_it_is(shape: Shape) -> None:
    content = cleaned(shape.content)
    assert {Outcome.TAKEN} >= {each.outcome for each in judged(content)}
    assert content == cleaned(content)


@EACH
def test_what_is_said_of_a_row_is_its_outcome_in_both_languages(shape: Shape) -> None:
    for row in judged(shape.content):
        said = [each.text for each in row.fields.values()]
        assert (row.outcome is Outcome.TAKEN) == (said == [])
        assert all(in_both_languages(each) for each in said)
        if row.outcome is Outcome.REFUSED:
            assert {None} == {each.written for each in row.fields.values()}
        else:
            assert row.values is not None
            written = {name: each.written for name, each in row.fields.items()}
            assert written == {name: row.values[name] for name in written}


def in_both_languages(text: Translatable) -> bool:
    sentence = both(text)
    return sentence.fr != sentence.en and "{" not in sentence.fr + sentence.en


@pytest.mark.parametrize("content", NO_TABLES.values(), ids=NO_TABLES)
def test_a_file_that_is_no_table_of_grants_is_refused_whole(content: bytes) -> None:
    with pytest.raises(NotATable) as refused:
        read(io.BytesIO(content))
    assert in_both_languages(refused.value.why)


def test_a_page_and_a_workbook_are_called_so() -> None:
    for name, word in {"page": "HTML", "workbook": "workbook", "other table": "16"}.items():
        with pytest.raises(NotATable) as refused:
            read(io.BytesIO(NO_TABLES[name]))
        assert word in both(refused.value.why).en


def test_a_row_encoded_twice_is_read_as_it_was_meant() -> None:
    own, again, latin, _ = judged(SHAPES["encodings"].content)
    assert ROW == own.values
    assert ROW == again.values
    assert ROW | {"objet": "à l'été"} == latin.values
    assert {"nomAttribuant", "nomBeneficiaire", "objet", "nature", "conditionsVersement"} == set(
        again.fields
    )


@pytest.mark.parametrize(
    ("found", "meant"),
    [
        ("Ã\u0089cluse", "Écluse"),
        ("lâ€™Å“uvre", "l’œuvre"),
        ("Ã\u0083Â©tÃ\u0083Â©", "été"),  # three times
        ("CAFÉ’ART", "CAFÉ’ART"),
        ("NOËL à Åland", "NOËL à Åland"),
        ("Ã©tÃ© à venir", "Ã©tÃ© à venir"),
    ],
)
def test_only_what_was_encoded_twice_is_read_again(found: str, meant: str) -> None:
    assert meant == decoded_again(found)


def test_columns_may_stand_in_any_order() -> None:
    turned = dict(reversed(ROW.items()))
    assert ROW == only(a_file(turned)).values


def test_a_column_that_is_not_there_refuses_each_row_by_its_name() -> None:
    without = {name: cell for name, cell in ROW.items() if name != "notificationUE"}
    assert "no such column" in why(only(a_file(without)), "notificationUE")


def test_an_unclosed_quotation_mark_costs_one_row() -> None:
    rows = lines_of(*([a_row()] * 30))
    lines = [",".join(ROW), '"' + rows[0].replace('"', ""), *rows]
    outcomes = [each.outcome for each in judged("\n".join(lines).encode())]
    assert [Outcome.REFUSED, *[Outcome.TAKEN] * 30] == outcomes


def test_a_line_without_end_costs_one_row() -> None:
    head, row = lines_of(dict(zip(ROW, ROW, strict=True)), a_row())
    content = "\n".join([head, "x" * (3 * LINE_BYTES_MAX), row]).encode()
    assert [Outcome.REFUSED, Outcome.TAKEN] == [each.outcome for each in judged(content)]


class Read(io.BytesIO):
    """A file that knows how many of its lines were read."""

    count = 0

    def readline(self, size: int | None = -1, /) -> bytes:
        self.count += 1
        return super().readline(size)


def test_a_large_file_is_read_row_by_row() -> None:
    stream = Read(a_file(*[a_row(montant="58 400,00")] * 500))
    columns, records = read(stream)
    for record in records:
        assert judge(record, columns).values is not None
        assert record.number + 1 == stream.count
