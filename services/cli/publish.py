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
from events.sentences import Sentence
from events.topics import EVENTS
from events.unreadable import Unreadable
from services.cli.options import AsJson, EventFiles, Lang, chosen_language
from services.cli.output import display_name, print_json, progress
from services.cli.screen import ROWS_MAX, Screen
from services.cli.texts import VALIDATING, Counted, Language, told
from services.cli.validation_errors import Fault
from services.ledger.application.handle import decoded
from services.ledger.application.ports import StoreError
from services.ledger.files.replay import STANDARD_INPUT, Line, lines, raw_record
from services.runtime.kafka.publishing import STRUCTURED, Message, Receipts, publish
from services.runtime.ops.errors import Stop
from services.runtime.ops.settings import Settings

EXIT_FAULTS: Final = 1
EXIT_INTERRUPTED: Final = 130

HEADERS: Final = STRUCTURED

PUBLISHING = Sentence("publication", "publishing")
NOTHING_SENT = Counted(
    Sentence(
        "{count} ligne sur {lines} n'est pas un événement du contrat\u00a0: rien n'a été publié.",
        "{count} line of {lines} is no event of the contract: nothing was published.",
    ),
    Sentence(
        "{count} lignes sur {lines} ne sont pas des événements du contrat\u00a0: rien n'a été "
        "publié.",
        "{count} lines of {lines} are no events of the contract: nothing was published.",
    ),
)
PUBLISHED = Counted(
    Sentence(
        "{count} événement publié dans {topic} ({rate} par seconde).",
        "{count} event published in {topic} ({rate} a second).",
    ),
    Sentence(
        "{count} événements publiés dans {topic} ({rate} par seconde).",
        "{count} events published in {topic} ({rate} a second).",
    ),
)
IN_PARTITION = Counted(
    Sentence(
        "  partition {partition}\u00a0: {count} événement, position {first_offset}",
        "  partition {partition}: {count} event, offset {first_offset}",
    ),
    Sentence(
        "  partition {partition}\u00a0: {count} événements, positions {first_offset} à "
        "{last_offset}",
        "  partition {partition}: {count} events, offsets {first_offset} to {last_offset}",
    ),
)
PARTLY = Sentence(
    "{what}. {count} événements sur {total} ont été confirmés. Publier encore le tout est sans "
    "risque\u00a0: le registre reconnaît les répétitions",
    "{what}. {count} of {total} events were acknowledged. Publishing all of it again is safe: the "
    "ledger knows repeats",
)
INTERRUPTED = Sentence("Interruption", "Interrupted")
CUT = Sentence("il a été coupé", "it was cut")
CHANGED = Sentence(
    "ligne {line}\u00a0: ce n'est plus celle qui vient d'être vérifiée",
    "line {line}: it is no longer the one that was just checked",
)


Handled = Callable[[int], None]


@dataclass(slots=True)
class Checked:
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
        for line in _lines(self.stream, handled):
            self.lines += 1
            result = decoded(raw_record(line, self.name), SourceKind.EVENTS)
            if isinstance(result, Unreadable):
                fault = Fault(self.name, line.number, result)
                self.faults.append(fault)
                yield fault
            else:
                budget = result.envelope.data.budget.encode()
                self.budget_of.append(self.budgets.setdefault(budget, len(self.budgets)))
                self.mark_of.append(_mark(line))

    def messages(self, handled: Handled) -> Iterator[Message]:
        """The events again, to be sent: none that was not checked, whoever writes in the file.

        Raises:
            StoreError: the file is not what it was.
        """
        budgets = list(self.budgets)
        known = zip(self.mark_of, self.budget_of, strict=True)
        for line in _lines(self.stream, handled):
            mark, budget = next(known, (None, 0))
            if mark is None:
                return  # It has grown in the meantime: what is new was not asked for.
            if mark != _mark(line):
                raise StoreError(self.name, CHANGED.render({"line": line.number}))
            yield Message(budgets[budget], line.value)
        if next(known, None) is not None:
            raise StoreError(self.name, CUT)


def _lines(stream: BinaryIO, handled: Handled) -> Iterator[Line]:
    stream.seek(0)
    for line in lines(stream):
        handled(line.length_bytes + 1)
        if not line.is_blank:
            yield line


def _mark(line: Line) -> int:
    return int(line.sha256[:16], 16)


def publish_files(
    context: typer.Context,
    files: EventFiles,
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    """Send the events of files to the ledger's topic, if every line is one; else nothing.

    Kafka is at ECLUSE_BOOTSTRAP_SERVERS, else localhost:9092;
    its topics' names begin with ECLUSE_TOPIC_PREFIX.
    """
    screen = Screen(chosen_language(context, lang))
    with ExitStack() as held:
        checked = [Checked(display_name(each), _reusable(each, held)) for each in files]
        _check(checked, screen, as_json)
        settings = Settings()
        receipts = Receipts()
        began_s = time.perf_counter()
        _send(checked, settings, receipts, screen.language)
        elapsed_s = time.perf_counter() - began_s
    if as_json:
        print_json({"published": receipts.count, "partitions": _rows(receipts)})
    else:
        _say(screen, receipts, settings.topic(EVENTS), elapsed_s)


def _reusable(stream: BinaryIO, held: ExitStack) -> BinaryIO:
    """A stream that can be read twice: what comes through a pipe is written down first."""
    if display_name(stream) != STANDARD_INPUT and stream.seekable():
        return stream
    kept = held.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 # the stack is the context
    shutil.copyfileobj(stream, kept)
    return cast(BinaryIO, kept)


def _check(checked: list[Checked], screen: Screen, as_json: bool) -> None:
    """Leave with the faults of all files, if there are any."""
    shown = 0
    label = told(VALIDATING, screen.language)
    with progress(label, [each.stream for each in checked]) as handled:
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
        screen.say_more(max(len(faults) - ROWS_MAX, 0))
        screen.say(NOTHING_SENT.render(len(faults), lines=read))
    raise typer.Exit(EXIT_FAULTS)


def _send(
    checked: list[Checked], settings: Settings, receipts: Receipts, language: Language
) -> None:
    total = sum(len(file.mark_of) for file in checked)
    begun = False

    def messages(handled: Handled) -> Iterator[Message]:
        nonlocal begun
        begun = True
        for file in checked:
            yield from file.messages(handled)

    def partly(what: Sentence) -> Sentence:
        counted = {"count": receipts.count, "total": total}
        return Sentence(
            PARTLY.fr.format(what=what.fr, **counted), PARTLY.en.format(what=what.en, **counted)
        )

    if not total:
        return
    try:
        with progress(told(PUBLISHING, language), [each.stream for each in checked]) as handled:
            asyncio.run(publish(settings, EVENTS, messages(handled), HEADERS, receipts))
    except Stop as error:
        if begun:
            error.text = partly(error.text)
        raise
    except KeyboardInterrupt:
        typer.echo(told(partly(INTERRUPTED), language), err=True)
        raise typer.Exit(EXIT_INTERRUPTED) from None


def _rows(receipts: Receipts) -> list[dict[str, int | None]]:
    return [asdict(each) for each in receipts.in_order()]


def _say(screen: Screen, receipts: Receipts, topic: str, elapsed_s: float) -> None:
    for receipt in receipts.in_order()[:ROWS_MAX]:
        facts = asdict(receipt)
        screen.say(IN_PARTITION.render(facts.pop("count"), **facts))
    screen.say_more(max(len(receipts.by_partition) - ROWS_MAX, 0))
    rate = f"{receipts.count / elapsed_s:,.0f}"
    if screen.language is Language.FR:
        rate = rate.replace(",", "\u202f")
    screen.say(PUBLISHED.render(receipts.count, topic=topic, rate=rate))
