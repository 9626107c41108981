"""`ecluse publish`: the events of files on their topic, each line's bytes as they are."""

import asyncio
import shutil
import tempfile
import time
from array import array
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from typing import BinaryIO, Final, cast

import typer

from events.envelope import SourceKind
from events.texts import Number, Translatable, _, ngettext
from events.topics import EVENTS
from services.cli.commands.validate import Fault, read_events, read_filled_lines
from services.cli.terminal.options import AsJson, EventFiles
from services.cli.terminal.output import display_name, exit_with, print_json, progress
from services.cli.terminal.screen import ROWS_MAX, Screen
from services.cli.terminal.texts import VALIDATING
from services.ledger.application.ports import StoreError
from services.ledger.files.replay import STANDARD_INPUT, Line
from services.runtime.kafka.publishing import Message, Receipts, publish
from services.runtime.ops.errors import Stop
from services.runtime.ops.settings import Settings

EXIT_FAULTS: Final = 1
EXIT_INTERRUPTED: Final = 130

PUBLISHING = _("publishing")
NOTHING_SENT = ngettext(
    "{count} line of {lines} does not match the contract: nothing was published.",
    "{count} lines of {lines} do not match the contract: nothing was published.",
)
PUBLISHED = ngettext(
    "{count} event published in {topic} ({rate} a second).",
    "{count} events published in {topic} ({rate} a second).",
)
IN_PARTITION = ngettext(
    "  partition {partition}: {count} event, offset {first_offset}",
    "  partition {partition}: {count} events, offsets {first_offset} to {last_offset}",
)
PARTLY = _(
    "{what}. {count} of {total} events were acknowledged. Publishing all of it again is safe: the "
    "ledger knows repeats"
)
INTERRUPTED = _("Interrupted")
CUT = _("it was cut")
CHANGED = _("line {line}: it is no longer the one that was just checked")

Handled = Callable[[int], None]


@dataclass(slots=True)
class CheckedFile:
    """A file that was read once: what its events are keyed by, and marks to know them again.

    It may be larger than memory: 12 bytes are kept of each event.
    """

    name: str
    stream: BinaryIO
    budgets: dict[bytes, int] = field(default_factory=dict)
    budget_of: "array[int]" = field(default_factory=lambda: array("I"))
    mark_of: "array[int]" = field(default_factory=lambda: array("Q"))
    lines: int = 0
    faults: list[Fault] = field(default_factory=list)

    def check(self, handled: Handled) -> Iterator[Fault]:
        """Read the whole file by the rules of the ledger's input, and give its faults."""
        self.stream.seek(0)
        for line, result in read_events(self.stream, self.name, handled, SourceKind.EVENTS):
            self.lines += 1
            if isinstance(result, Fault):
                self.faults.append(result)
                yield result
            else:
                budget = result.envelope.data.budget.encode()
                self.budget_of.append(self.budgets.setdefault(budget, len(self.budgets)))
                self.mark_of.append(_mark(line))

    def messages(self, handled: Handled) -> Iterator[Message]:
        """Send what was checked, whoever writes in the file; else StoreError."""
        budgets = list(self.budgets)
        known = zip(self.mark_of, self.budget_of, strict=True)
        self.stream.seek(0)
        for line in read_filled_lines(self.stream, handled):
            mark, budget = next(known, (None, 0))
            if mark is None:
                return  # It has grown in the meantime: what is new was not asked for.
            if mark != _mark(line):
                raise StoreError(self.name, CHANGED.render({"line": line.number}))
            yield Message(budgets[budget], line.value)
        if next(known, None) is not None:
            raise StoreError(self.name, CUT)


def _mark(line: Line) -> int:
    return int(line.sha256[:16], 16)


def publish_files(files: EventFiles, as_json: AsJson = False) -> None:
    """Send the events of files to the ledger's topic, if every line is one; else nothing.

    Kafka is at ECLUSE_BOOTSTRAP_SERVERS, else localhost:9092;
    its topics' names begin with ECLUSE_TOPIC_PREFIX.
    """
    screen = Screen()
    with ExitStack() as held:
        checked = [CheckedFile(display_name(each), _reusable(each, held)) for each in files]
        _check(checked, screen, as_json)
        settings = Settings()
        receipts = Receipts()
        began_s = time.perf_counter()
        _send(checked, settings, receipts)
        elapsed_s = time.perf_counter() - began_s
    rows = [asdict(each) for each in receipts.list_in_order()]
    if as_json:
        print_json({"published": receipts.count, "partitions": rows})
        return
    for row in rows[:ROWS_MAX]:
        screen.say(IN_PARTITION.render(row.pop("count"), **row))
    screen.say_more(len(rows) - ROWS_MAX)
    rate = Number(round(receipts.count / elapsed_s))
    topic = settings.topic(EVENTS)
    screen.say(PUBLISHED.render(receipts.count, topic=topic, rate=rate))


def _reusable(stream: BinaryIO, held: ExitStack) -> BinaryIO:
    """A stream that can be read twice: what comes through a pipe is written down first."""
    if display_name(stream) != STANDARD_INPUT and stream.seekable():
        return stream
    kept = held.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 # the stack is the context
    shutil.copyfileobj(stream, kept)
    return cast(BinaryIO, kept)


def _check(checked: list[CheckedFile], screen: Screen, as_json: bool) -> None:
    """Leave with the faults of all files, if there are any."""
    shown = 0
    with progress(VALIDATING, [each.stream for each in checked]) as handled:
        for file in checked:
            for fault in file.check(handled):
                shown += 1
                if not as_json and shown <= ROWS_MAX:
                    fault.say(screen, with_file=len(checked) > 1)
    faults = [fault for file in checked for fault in file.faults]
    if not faults:
        return
    read = sum(file.lines for file in checked)
    if as_json:
        rows = [{"file": fault.file, **fault.row()} for fault in faults]
        valid = read - len(faults)
        print_json(
            {"published": 0, "partitions": [], "lines": read, "valid": valid, "faults": rows}
        )
    else:
        screen.say_more(len(faults) - ROWS_MAX)
        screen.say(NOTHING_SENT.render(len(faults), lines=read))
    raise typer.Exit(EXIT_FAULTS)


def _send(checked: list[CheckedFile], settings: Settings, receipts: Receipts) -> None:
    total = sum(len(file.mark_of) for file in checked)
    begun = False

    def messages(handled: Handled) -> Iterator[Message]:
        nonlocal begun
        begun = True
        for file in checked:
            yield from file.messages(handled)

    def partly(what: Translatable) -> Translatable:
        return PARTLY.render({"what": what, "count": receipts.count, "total": total})

    if not total:
        return
    try:
        with progress(PUBLISHING, [each.stream for each in checked]) as handled:
            asyncio.run(publish(settings, EVENTS, messages(handled), receipts))
    except Stop as error:
        if begun:
            error.text = partly(error.text)
        raise
    except KeyboardInterrupt:
        exit_with(partly(INTERRUPTED), EXIT_INTERRUPTED)
