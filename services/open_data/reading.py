"""A file of grants, read from bytes to rows of cells; nothing of its values is judged here.

Memory is bounded by the longest line: a file is read once, from its beginning to its end.
"""

import csv
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO, Final

from events.folding import parts_of
from events.texts import Translatable, _
from services.open_data.fields import FIELDS, NAMES

LINE_BYTES_MAX: Final = 256 * 1024
"""A longer line is refused, and not kept."""

CELL_LINES_MAX: Final = 20
"""The lines over which a cell in quotation marks may go: behind so many, nobody closed it."""

DELIMITERS: Final = ",;\t"

COLUMNS_MIN: Final = 8
"""The fewest of the schema's fields by which a table is known as one of grants."""

EMPTY: Final = _("the file is empty")
PAGE: Final = _("this is a page (HTML or XML), not a table: download the file itself")
WORKBOOK: Final = _("this is a workbook: save its sheet as CSV, in UTF-8")
BINARY: Final = _("this is no text: a table in CSV is expected, in UTF-8")
OTHER_TABLE: Final = _(
    "this is another table: of the {expected} columns of SCDL Subventions it has {found}"
)

LONG_LINE: Final = _("the line has more than {max} bytes")
OPEN_QUOTE: Final = _("a quotation mark is out of place: where a cell ends, nobody knows")

SIGNATURES: Final[Mapping[bytes, Translatable]] = {
    b"PK\x03\x04": WORKBOOK,  # xlsx, ods
    b"\xd0\xcf\x11\xe0": WORKBOOK,  # xls
    b"<": PAGE,
    b"%PDF": BINARY,
    b"\x1f\x8b": BINARY,
}
"""The first bytes of files that are no table."""


class NotATable(Exception):
    """A file that holds no table of grants; `why` is for whoever gave it."""

    def __init__(self, why: Translatable) -> None:
        super().__init__(why.msgid)
        self.why = why


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a file, in whatever order and under whatever names."""

    delimiter: str
    width: int
    """How many there are, those that belong to no field among them."""
    places: Mapping[str, tuple[int, ...]]
    """The columns of each field that the file has, from 0; one that stands twice has two."""


@dataclass(frozen=True, slots=True)
class Record:
    """A row of a file that is not blank."""

    number: int
    """From 1 behind the header, without blank rows."""
    cells: tuple[str, ...]
    fault: Translatable | None = None
    """The reason for which its cells are not known: then it is one text."""


def read(stream: BinaryIO) -> tuple[Columns, Iterator[Record]]:
    """The columns of a file, and its rows as they are asked for.

    Raises:
        NotATable: it is no table of grants.
    """
    lines = _lines(stream)
    first = next((line for line in lines if line.strip()), None)
    if first is None:
        raise NotATable(EMPTY)
    start = first.removeprefix(b"\xef\xbb\xbf").lstrip()
    for signature, why in SIGNATURES.items():
        if start.startswith(signature):
            raise NotATable(why)
    if b"\0" in first:
        raise NotATable(BINARY)
    columns = _columns(_decoded(first).removeprefix("\ufeff"))
    return columns, _records(_Lines(lines), columns.delimiter)


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    """Lines with their ends; of one that is too long, its beginning, longer than it may be."""
    while line := stream.readline(LINE_BYTES_MAX + 1):
        yield line
        while len(line) > LINE_BYTES_MAX and not line.endswith(b"\n"):
            line = stream.readline(LINE_BYTES_MAX + 1)


def _decoded(line: bytes) -> str:
    """A line as text: in UTF-8, else in the code page of Windows; files mix both."""
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("cp1252", errors="replace")


def _columns(header: str) -> Columns:
    """The columns of a header, by the delimiter with which it has most of the fields."""
    found = max((_columns_by(header, each) for each in DELIMITERS), key=lambda one: len(one.places))
    if len(found.places) < COLUMNS_MIN:
        facts = {"expected": len(NAMES), "found": len(found.places)}
        raise NotATable(OTHER_TABLE.render(facts))
    return found


def _columns_by(header: str, delimiter: str) -> Columns:
    try:
        cells = next(csv.reader([header], delimiter=delimiter))
    except csv.Error:
        cells = []
    while cells and not cells[-1].strip():
        cells.pop()  # `;;` at the end of every line: columns without a name.
    places: dict[str, tuple[int, ...]] = {}
    for place, cell in enumerate(cells):
        name = FIELD_BY_COLUMN.get(_plain(cell))
        if name is not None:
            places[name] = (*places.get(name, ()), place)
    return Columns(delimiter, len(cells), places)


def _plain(text: str) -> str:
    return "".join(parts_of(text))


FIELD_BY_COLUMN: Final[Mapping[str, str]] = {
    _plain(text): each.name for each in FIELDS for text in (each.title, each.name)
}
"""The field of a column by its name or title, without case, accents and punctuation."""


class _Lines:
    """The lines of a file as texts, of which some may be given back."""

    def __init__(self, lines: Iterator[bytes]) -> None:
        self._lines = lines
        self._returned: deque[str | None] = deque()

    def __iter__(self) -> Iterator[str | None]:
        """Each line; None for one that is too long."""
        while True:
            if self._returned:
                yield self._returned.popleft()
                continue
            line = next(self._lines, None)
            if line is None:
                return
            yield None if len(line) > LINE_BYTES_MAX else _decoded(line)

    def give_back(self, lines: list[str | None]) -> None:
        self._returned.extendleft(reversed(lines))


def _records(lines: _Lines, delimiter: str) -> Iterator[Record]:
    number = 0
    for line in lines:
        if line is None:
            number += 1
            yield Record(number, (), LONG_LINE.render({"max": LINE_BYTES_MAX}))
            continue
        cells = _cells(line, lines, delimiter)
        if cells is None:
            number += 1
            yield Record(number, (line.rstrip("\r\n"),), OPEN_QUOTE)
        elif any(map(str.strip, cells)):
            number += 1
            yield Record(number, tuple(cells))


def _cells(line: str, lines: _Lines, delimiter: str) -> list[str] | None:
    """The cells of a row that begins with this line; None where quotation marks do not match.

    Of a cell that is never closed the first line alone is lost: the others are rows again.
    """
    if '"' not in line:
        return line.rstrip("\r\n").split(delimiter)
    behind: list[str | None] = []

    def whole() -> Iterator[str]:
        yield line
        for each in islice(lines, CELL_LINES_MAX):
            behind.append(each)
            if each is None:
                return
            yield each

    try:
        return next(csv.reader(whole(), delimiter=delimiter, strict=True))
    except csv.Error:
        lines.give_back(behind)
    if '\\"' not in line:
        return None
    try:  # A quotation mark may have a backslash before it instead of another mark.
        return next(csv.reader([line], delimiter=delimiter, strict=True, escapechar="\\"))
    except csv.Error:
        return None
