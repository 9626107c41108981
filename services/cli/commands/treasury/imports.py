"""`ecluse import`: files of grants from elsewhere, checked, cleaned and compared."""

import asyncio
import json
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn, TextIO

import typer

from events.masking import masked
from events.texts import Number, _, ngettext, pgettext
from services.cli.commands.events.by_hand import cents_of
from services.cli.commands.treasury.open_data import (
    ABOVE,
    Above,
    OfEntity,
    OfYear,
    ReadModel,
)
from services.cli.terminal.options import AsJson, Command, Group, OfBudget, Strict, flag
from services.cli.terminal.output import exit_with, print_json, show_spinner
from services.cli.terminal.screen import ROWS_MAX, Screen
from services.cli.terminal.texts import READING
from services.open_data.judging import WHOLE_ROW, Judged, Outcome, Remark, judge
from services.open_data.reading import NotATable, read
from services.open_data.writing import replacing
from services.texts.translation import both

if TYPE_CHECKING:
    from services.open_data.comparison import Comparison, Difference

OUTCOMES: Final = {
    Outcome.REPAIRED: _("repaired"),
    Outcome.REFUSED: pgettext("row", "refused"),
}
WHOLE_ROW_TERM: Final = _("the whole row")
REMARK: Final = _("Row {row} {outcome}, {field}: “{found}”: {text}")
READ: Final = ngettext(
    "{count} row: {taken} taken as they are, {repaired} repaired, {refused} refused.",
    "{count} rows: {taken} taken as they are, {repaired} repaired, {refused} refused.",
)
SAME: Final = _("The rows and the conventions agree.")
DIFFERENCES: Final = {
    "amount": _("Row {row}: the amount is {found}, of {convention} ({budget}) {expected}."),
    "date": _("Row {row}: the day is {found}, of {convention} ({budget}) {expected}."),
    "beneficiary": _(
        "Row {row}: the beneficiary is {found}, of {convention} ({budget}) {expected}."
    ),
    "missing": _("{convention} ({budget}) stands in no row."),
    "unknown": _("Row {row} is no convention, or one that another row is."),
}
EXIT_NO_TABLE: Final = 1
EXIT_DIFFERENT: Final = 1

app = typer.Typer(cls=Group, no_args_is_help=True)


@app.callback()
def imports() -> None:
    """Files from elsewhere, checked and cleaned; they never reach the ledger."""


@app.command(cls=Command)
def scdl(
    file: Annotated[
        typer.FileBinaryRead,
        typer.Argument(metavar="FILE", help="Grants (CSV); - is standard input."),
    ],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="CLEAN", help="The clean file to write."),
    ] = None,
    compare: Annotated[
        bool, flag("--compare", "Hold it against the conventions; exit 1 where they differ.")
    ] = False,
    budget: OfBudget = None,
    entity: OfEntity = None,
    year: OfYear = None,
    above: Above = ABOVE,
    db: ReadModel = None,
    as_json: AsJson = False,
    strict: Strict = False,
) -> None:
    """Check a file of grants (SCDL Subventions), repair what has one reading, write it clean.

    Rows are counted from 1 behind the header, without blank ones. With -o the rows that are not
    refused are written as SCDL Subventions 2.1.1 has them.
    --compare takes the options of `ecluse open-data` for the conventions that are meant.
    """
    comparison = None
    if compare:
        comparison = _comparison(db, budget, entity, year, cents_of("--above", above))
    with ExitStack() as stack:
        try:
            columns, records = read(file)
        except NotATable as error:
            _refuse(error, as_json=as_json)
        write = None if output is None else stack.enter_context(replacing(output))
        report: _JsonReport | _ScreenReport = _ScreenReport()
        if as_json:
            report = _JsonReport(
                stack.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8", newline=""))
            )
        counts = dict.fromkeys(Outcome, 0)
        with show_spinner(READING):
            for record in records:
                judged = judge(record, columns)
                counts[judged.outcome] += 1
                report.add(judged)
                if judged.values is None:
                    continue
                if write is not None:
                    write(judged.values)
                if comparison is not None:
                    comparison.take(judged.row, judged.values)
        differences = None if comparison is None else comparison.differences()
        report.end(counts, differences)
    if differences or (strict and counts[Outcome.REFUSED]):
        raise typer.Exit(EXIT_DIFFERENT)


def _comparison(
    db: str | None, budget: str | None, entity: str | None, year: int | None, above_cents: int
) -> "Comparison":
    from services.open_data.comparison import Comparison  # noqa: PLC0415 # it imports SQLAlchemy
    from services.open_data.conventions import Scope  # noqa: PLC0415
    from services.open_data.read_model import conventions_at  # noqa: PLC0415

    with show_spinner(READING):
        found = asyncio.run(conventions_at(db, Scope(budget, entity, year)))
    return Comparison(found, above_cents)


def _refuse(error: NotATable, *, as_json: bool) -> NoReturn:
    if not as_json:
        exit_with(error.why, EXIT_NO_TABLE)
    counts = dict.fromkeys(Outcome, 0)
    print_json({"rows": 0, **counts, "report": [], "file": asdict(both(error.why))})
    raise typer.Exit(EXIT_NO_TABLE)


class _JsonReport:
    """The report as one JSON object: it waits in a file, since the counts come first in it."""

    def __init__(self, rows: TextIO) -> None:
        self._rows = rows
        self._between = ""

    def add(self, judged: Judged) -> None:
        fields = {name: _remark_row(each) for name, each in judged.fields.items()}
        self._rows.write(self._between)
        self._rows.write(_json({"row": judged.row, "outcome": judged.outcome, "fields": fields}))
        self._between = ","

    def end(
        self, counts: Mapping[Outcome, int], differences: "Sequence[Difference] | None"
    ) -> None:
        head = _json({"rows": sum(counts.values()), **counts})
        sys.stdout.write(f'{head[:-1]},"report":[')
        self._rows.seek(0)
        shutil.copyfileobj(self._rows, sys.stdout)
        sys.stdout.write("]")
        if differences is not None:
            rows = [each._asdict() for each in differences]
            sys.stdout.write(f',"differences":{_json(rows)}')
        sys.stdout.write("}\n")


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _remark_row(remark: Remark) -> dict[str, str | None]:
    return {"found": remark.found, "written": remark.written, **asdict(both(remark.text))}


class _ScreenReport:
    """The report for people: the first rows that were not taken as they are, and the counts."""

    def __init__(self) -> None:
        self._screen = Screen()
        self._remarks = 0

    def add(self, judged: Judged) -> None:
        for name, each in judged.fields.items():
            self._remarks += 1
            if self._remarks > ROWS_MAX:
                continue
            facts = {
                "row": judged.row,
                "outcome": OUTCOMES[judged.outcome],
                "field": WHOLE_ROW_TERM if name == WHOLE_ROW else name,
                "found": masked(each.found),
                "text": each.text,
            }
            self._screen.say(REMARK.render(facts))

    def end(
        self, counts: Mapping[Outcome, int], differences: "Sequence[Difference] | None"
    ) -> None:
        self._screen.say_more(self._remarks - ROWS_MAX)
        facts = {each.value: Number(count) for each, count in counts.items()}
        self._screen.say(READ.render(sum(counts.values()), **facts))
        if differences is None:
            return
        for each in differences[:ROWS_MAX]:
            self._screen.say(DIFFERENCES[each.kind].render(each._asdict()))
        self._screen.say_more(len(differences) - ROWS_MAX)
        if not differences:
            self._screen.say(SAME)
