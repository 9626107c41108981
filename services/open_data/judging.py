"""Rows of a file of grants, judged: each is taken as it is, repaired, or refused. Pure.

A row is repaired where exactly one reading of it is possible.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations
from typing import Final, NamedTuple

from events.texts import Translatable, _
from services.open_data.fields import FIELDS, Row
from services.open_data.reading import Columns, Record
from services.open_data.values import Value, amount, nature, share, value_of

WHOLE_ROW: Final = "row"
"""The name, among the fields of a row, of what concerns all of it."""

ENCODED_TWICE: Final = _("it was encoded twice: read as it was meant")
JOINED: Final = _("it stood in two cells, for want of quotation marks")
SEVERAL: Final = _("{first}; {then}")
NO_COLUMN: Final = _("the file has no such column, and the schema requires it")
TWO_VALUES: Final = _("the column stands twice in the file, with two values")
NO_IDENTITY: Final = _("neither SIRET nor RNA number of the beneficiary is there")
CELLS: Final = _("the row has {found} cells, and the header {expected}")
SEVERAL_READINGS: Final = _("several readings of the row are possible: it has {found} cells")

DIVIDED: Final = {"montant": amount, "nature": nature, "pourcentageSubvention": share}
"""The fields whose values files write with the file's own delimiter, without quotation marks."""


class Outcome(StrEnum):
    """The outcome of a row."""

    TAKEN = "taken"
    REPAIRED = "repaired"
    REFUSED = "refused"


class Remark(NamedTuple):
    """The repair or the refusal of a field."""

    found: str
    written: str | None
    """None where it is refused."""
    text: Translatable


@dataclass(frozen=True, slots=True)
class Judged:
    """A row with its outcome."""

    row: int
    outcome: Outcome
    fields: dict[str, Remark]
    """What was repaired; of a refused row, what is to be mended."""
    values: Row | None
    """The row as the schema has it; None where it is refused."""


class _Reading(NamedTuple):
    """The cells of a row laid under the columns of its file."""

    cells: Sequence[str]
    joined: frozenset[int] = frozenset()
    """The columns whose cell is made of two."""


def judge(record: Record, columns: Columns) -> Judged:
    """The outcome of a row."""
    if record.fault is not None:
        return _refused(record, record.fault)
    readings = list(_readings(record.cells, columns))
    if not readings:
        facts = {"found": len(record.cells), "expected": columns.width}
        return _refused(record, CELLS.render(facts))
    judged = [_judge_cells(record.number, each, columns) for each in readings]
    possible = {tuple((each.values or {}).values()): each for each in judged if each.values}
    match list(possible.values()):
        case []:
            return min(judged, key=lambda each: len(each.fields))
        case [only]:
            return only
        case _:
            return _refused(record, SEVERAL_READINGS.render({"found": len(record.cells)}))


def _refused(record: Record, why: Translatable) -> Judged:
    remark = Remark(_beginning(record.cells), None, why)
    return Judged(record.number, Outcome.REFUSED, {WHOLE_ROW: remark}, None)


def _beginning(cells: Sequence[str]) -> str:
    """The beginning of a row, to be found in its file."""
    return " | ".join(cells)[:200]


def _readings(cells: Sequence[str], columns: Columns) -> Iterator[_Reading]:
    """The ways to lay cells under columns: empty ones at the end may lack, or be too many.

    Without quotation marks a decimal comma, or what joins two natures, made two cells of a value.
    """
    extra = len(cells) - columns.width
    if extra <= 0:
        yield _Reading([*cells, *[""] * -extra])
        return
    places = sorted(columns.places[name][0] for name in DIVIDED if name in columns.places)
    for count in range(min(extra, len(places)) + 1):
        for chosen in combinations(places, count):
            laid = _laid(cells, frozenset(chosen), columns)
            if laid is not None and not any(map(str.strip, laid[columns.width :])):
                yield _Reading(laid[: columns.width], frozenset(chosen))


def _laid(cells: Sequence[str], joined: frozenset[int], columns: Columns) -> list[str] | None:
    """Cells, those at some columns joined with the next; None where that makes no value."""
    found: list[str] = []
    rest = iter(cells)
    for cell in rest:
        if len(found) not in joined:
            found.append(cell)
            continue
        whole = f"{cell}{columns.delimiter}{next(rest, '')}"
        name = next(name for name, places in columns.places.items() if len(found) in places)
        if DIVIDED[name](decoded_again(whole)).text is None:
            return None
        found.append(whole)
    return found


def _judge_cells(number: int, reading: _Reading, columns: Columns) -> Judged:
    values: dict[str, str] = {}
    remarks: dict[str, Remark] = {}
    is_refused = False
    for field in FIELDS:
        name, places = field.name, columns.places.get(field.name, ())
        found, value = _value(name, [reading.cells[each] for each in places], field.required)
        if value.text is None:
            is_refused = True
        elif value.why is None and not reading.joined.isdisjoint(places):
            value = value._replace(why=JOINED)
        if value.why is not None:
            remarks[name] = Remark(found, value.text, value.why)
        values[name] = value.text or ""
    if not is_refused and not values["idBeneficiaire"] and not values["rnaBeneficiaire"]:
        is_refused = True
        remarks["idBeneficiaire"] = Remark("", None, NO_IDENTITY)
    if is_refused:
        faults = {name: each for name, each in remarks.items() if each.written is None}
        return Judged(number, Outcome.REFUSED, faults, None)
    outcome = Outcome.REPAIRED if remarks else Outcome.TAKEN
    return Judged(number, outcome, remarks, values)


def _value(name: str, cells: Sequence[str], required: bool) -> tuple[str, Value]:
    """The value of a field, and what stood in its cells."""
    filled = list(dict.fromkeys(each for each in cells if each.strip()))
    if len(filled) > 1:
        return " | ".join(filled), Value(None, TWO_VALUES)
    found = filled[0] if filled else "".join(cells[:1])
    if not cells and required:
        return found, Value(None, NO_COLUMN)
    meant = decoded_again(found)
    value = value_of(name, meant, required=required)
    if meant == found or value.text is None:
        return found, value
    if value.why is None:
        return found, value._replace(why=ENCODED_TWICE)
    both = SEVERAL.render({"first": ENCODED_TWICE, "then": value.why})
    return found, value._replace(why=both)


LEFT_OVER: Final = re.compile(r"[\u00c2-\u00f4][^\x00-\x7f]")
"""The least that is left of UTF-8 read as another code."""

TIMES_MAX: Final = 3
"""How often a text is read again: each time it was encoded once too often."""


def decoded_again(text: str) -> str:
    """A text as it was meant that was encoded twice, or oftener: `Ã©` is `é`.

    What is left of UTF-8 read as the code page of Windows is no French word. A reading with
    characters that Windows has not is none: `CAFÉ’` would be one too.
    """
    for _time in range(TIMES_MAX):
        if LEFT_OVER.search(text) is None:
            break
        try:
            meant = b"".join(map(_byte, text)).decode()
            meant.encode("cp1252")
        except ValueError:
            break
        text = meant
    return text


def _byte(character: str) -> bytes:
    """The byte that the code page of Windows shows so; five it shows as they are."""
    try:
        return character.encode("cp1252")
    except UnicodeEncodeError:
        return character.encode("latin-1")
