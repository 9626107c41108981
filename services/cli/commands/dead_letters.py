"""`ecluse dead-letters`: records that could not be read: how many, which, and their bytes."""

import json
from base64 import b64encode
from collections import Counter
from datetime import date, datetime
from typing import IO, Annotated, Any, Final
from zoneinfo import ZoneInfo

import typer
from rich.text import Text

from events.masking import mask, mask_name
from events.texts import Number, Translatable, _, ngettext
from events.unreadable import Reason, Unreadable, explain
from services.api.journal.dump import dump
from services.cli.terminal.options import (
    AsJson,
    Command,
    Group,
    OfBudget,
    decode_argument,
    decode_option,
    flag,
)
from services.cli.terminal.output import (
    EXIT_NOT_THERE,
    bad_option,
    exit_with,
    print_json,
    show_spinner,
)
from services.cli.terminal.screen import Cells, Screen, clean
from services.cli.workers import run_worker
from services.ledger.application.handle import decode_record
from services.redrive.dead_letters import DeadLetter, Selection
from services.redrive.state import RedriveState, Review, dead_letter_topic
from services.runtime.ops.settings import Settings
from services.texts.formats import ZONE

PARIS: Final = ZoneInfo(ZONE)
"""Where a day begins that is written without a time."""

NO_MOMENT = _("“{text}” is neither a day like 2023-07-14 nor an instant with its offset")

STATES: Final = {
    "to_do": _("to do"),
    "underway": _("sent again, not decided yet"),
    "redriven": _("sent again"),
    "reviewed": _("reviewed"),
}
"""Where a dead letter stands."""

Code = Annotated[
    Reason | None,
    typer.Option("--code", metavar="CODE", help="Those with this reason only, like bad_json."),
]
Sender = Annotated[
    str | None,
    typer.Option(
        "--source",
        metavar="SOURCE",
        help="Those of this sender only: the `source` of its events.",
        callback=decode_option,
    ),
]
Since = Annotated[
    str | None,
    typer.Option("--since", metavar="TIME", help="Set aside from this day or instant on."),
]
Until = Annotated[
    str | None,
    typer.Option("--until", metavar="TIME", help="Set aside before this day or instant."),
]


def selection_of(
    ids: list[str] | None,
    code: Reason | None,
    budget: str | None,
    source: str | None,
    since: str | None,
    until: str | None,
) -> Selection:
    """The selection that the options make.

    Raises:
        typer.BadParameter: an instant is none.
    """
    return Selection(
        frozenset(ids or ()),
        None if code is None else code.value,
        budget,
        source,
        _instant_ms("--since", since),
        _instant_ms("--until", until),
    )


def _instant_ms(option: str, text: str | None) -> int | None:
    if text is None:
        return None
    try:
        if len(text) == len("2023-07-14"):
            day = date.fromisoformat(text)
            at = datetime(day.year, day.month, day.day, tzinfo=PARIS)
        else:
            at = datetime.fromisoformat(text)
    except ValueError as error:
        raise bad_option(option, NO_MOMENT.render({"text": text})) from error
    if at.tzinfo is None:
        raise bad_option(option, NO_MOMENT.render({"text": text}))
    return int(at.timestamp()) * 1000


def state_of(dead_letter: DeadLetter, state: RedriveState) -> str:
    """The state of a dead letter, as a key of `STATES`."""
    review = state.find_review(dead_letter.at)
    if review is not None:
        return "reviewed" if review.event_id is None else "redriven"
    return "underway" if state.is_underway(dead_letter.at) else "to_do"


def state_text(row: dict[str, Any]) -> Translatable:
    """The same of a row, for people."""
    return STATES[row["state"]]


def dead_letter_row(dead_letter: DeadLetter, state: RedriveState) -> dict[str, Any]:
    """A dead letter as a program reads it."""
    raw, names = dead_letter.raw, dead_letter.names
    return {
        "id": dead_letter.at.its_id,
        "state": state_of(dead_letter, state),
        "reason": mask_name(dead_letter.reason),
        "topic": raw.source.topic,
        "partition": raw.source.partition,
        "offset": raw.source.offset,
        "recorded_at": _instant(raw.timestamp_ms),
        "died_at": _instant(dead_letter.died_ms),
        **names._asdict(),
        "length_bytes": len(raw.value or b"") if raw.whole else raw.length_bytes,
        "redrives": dead_letter.redrives,
        "settled": _settlement_row(state.find_review(dead_letter.at)),
    }


def _settlement_row(review: Review | None) -> dict[str, Any] | None:
    if review is None:
        return None
    shown: dict[str, Any] = mask(
        {**review._asdict(), "reviewed_on": review.reviewed_on.isoformat()}
    )
    return shown | {"event_id": mask_name(review.event_id)}


def _instant(ms: int | None) -> str | None:
    """An instant of Kafka; None beyond the calendar, since clients may write any."""
    try:
        return datetime.fromtimestamp((ms or 0) // 1000, PARIS).isoformat()
    except (ValueError, OverflowError, OSError):
        return None


READING_DEAD_LETTERS = _("reading dead letters")
NONE_TO_DO = _("No dead letter is left to deal with.")
FOUND = ngettext("{count} dead letter.", "{count} dead letters.")
NOT_THERE = _("No dead letter is called {its_id}; `ecluse dead-letters list` names them.")
READABLE_NOW = _("It can be read now: `ecluse redrive {its_id}` says what would become of it.")
EXPORTED = ngettext("{count} dead letter written.", "{count} dead letters written.")

ItsId = Annotated[
    str,
    typer.Argument(metavar="ID", help="As `list` shows it: _dead.3/17.", callback=decode_argument),
]
All = Annotated[bool, flag("--all", "Those that are dealt with, too.")]

dead_letters_app = typer.Typer(cls=Group, no_args_is_help=True)


@dead_letters_app.callback()
def dead_letters() -> None:
    """Records that could not be read: how many by reason, which, and their bytes."""


COLUMNS: Final = ("id", "date", "detail", "budget", "event", "state")
"""Columns of a table of dead letters."""


@dead_letters_app.command("list", cls=Command)
def list_dead_letters(
    code: Code = None,
    budget: OfBudget = None,
    source: Sender = None,
    since: Since = None,
    until: Until = None,
    every: All = False,
    as_json: AsJson = False,
) -> None:
    """Count dead letters by reason, then list them; those left to deal with, unless all are asked.

    Kafka is at ECLUSE_BOOTSTRAP_SERVERS, else localhost:9092;
    its topics' names begin with ECLUSE_TOPIC_PREFIX.
    """
    chosen = selection_of(None, code, budget, source, since, until)
    with show_spinner(READING_DEAD_LETTERS):
        rows = run_worker(_rows(chosen, every=every))
    counts = dict(Counter(row["reason"].partition(":")[0] for row in rows).most_common())
    if as_json:
        print_json({"counts": counts, "dead_letters": rows})
        return
    screen = Screen()
    if not rows:
        screen.say(NONE_TO_DO)
        return
    screen.show_list("by_reason", ("code", "count"), counts.items(), _count_cells)
    screen.show_list("dead_letters", COLUMNS, rows, _cells)
    screen.say(FOUND.render(len(rows)))


@dead_letters_app.command("show", cls=Command)
def show_dead_letter(its_id: ItsId, as_json: AsJson = False) -> None:
    """Show a dead letter: why it could not be read, its headers and its bytes, IBANs masked.

    Kafka is at ECLUSE_BOOTSTRAP_SERVERS, else localhost:9092;
    its topics' names begin with ECLUSE_TOPIC_PREFIX.
    """
    with show_spinner(READING_DEAD_LETTERS):
        found, row = run_worker(_one(its_id))
    sentence = _sentence(found)
    headers = [[name, _text(content)] for name, content in found.raw.headers]
    if as_json:
        shown = dump(found.raw.value or b"").text
        print_json({**row, "key": _text(found.raw.key), "headers": headers, "value": shown})
        return
    screen = Screen()
    screen.show_list("dead_letters", COLUMNS, [row], _cells)
    screen.say(sentence)
    for name, content in headers:
        screen.console.print(Text(clean(f"  {name}: {content}")), soft_wrap=True)
    screen.console.print(Text(dump(found.raw.value or b"").text), soft_wrap=True)


@dead_letters_app.command("export", cls=Command)
def export_dead_letters(
    file: Annotated[
        typer.FileTextWrite, typer.Argument(metavar="FILE", help="Written; - is standard output.")
    ],
    code: Code = None,
    budget: OfBudget = None,
    source: Sender = None,
    since: Since = None,
    until: Until = None,
    every: All = False,
    as_json: AsJson = False,
) -> None:
    """Write dead letters to a file, one JSON object a line: whole bytes in Base64, IBANs too.

    Kafka is at ECLUSE_BOOTSTRAP_SERVERS, else localhost:9092;
    its topics' names begin with ECLUSE_TOPIC_PREFIX.
    """
    chosen = selection_of(None, code, budget, source, since, until)
    count = run_worker(_export(file, chosen, every=every))
    if as_json:
        print_json({"written": count}, err=file.name == STDOUT)
    elif file.name != STDOUT:
        Screen().say(EXPORTED.render(count))


STDOUT: Final = "<stdout>"


async def _rows(chosen: Selection, *, every: bool) -> list[dict[str, Any]]:
    async with dead_letter_topic(Settings()) as topic:
        state = await topic.state()
        found = topic.dead_letters(state)
        return [
            dead_letter_row(each, state)
            async for each in found
            if _is_meant(each, state, every=every) and chosen.takes(each)
        ]


async def _one(its_id: str) -> tuple[DeadLetter, dict[str, Any]]:
    found = None
    async with dead_letter_topic(Settings()) as topic:
        state = await topic.state()
        async for each in topic.dead_letters(state):
            if each.at.its_id == its_id:
                found = each, dead_letter_row(each, state)
    if found is None:
        exit_with(NOT_THERE.render({"its_id": its_id}), EXIT_NOT_THERE)
    return found


async def _export(file: IO[str], chosen: Selection, *, every: bool) -> int:
    count = 0
    async with dead_letter_topic(Settings()) as topic:
        state = await topic.state()
        async for each in topic.dead_letters(state):
            if _is_meant(each, state, every=every) and chosen.takes(each):
                row = dead_letter_row(each, state) | _bytes_of(each)
                file.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")
                count += 1
    return count


def _is_meant(dead_letter: DeadLetter, state: RedriveState, *, every: bool) -> bool:
    return every or state.find_review(dead_letter.at) is None


def _bytes_of(dead_letter: DeadLetter) -> dict[str, Any]:
    raw = dead_letter.raw
    return {
        "is_whole": dead_letter.is_whole,
        "key_base64": _base64(raw.key),
        "headers_base64": [[name, _base64(content)] for name, content in raw.headers],
        "value_base64": _base64(raw.value),
    }


def _base64(content: bytes | None) -> str | None:
    return None if content is None else b64encode(content).decode()


def _text(content: bytes | None) -> str | None:
    return None if content is None else str(mask(content.decode(errors="replace")))


def _sentence(dead_letter: DeadLetter) -> Translatable:
    """The dead letter's fault by today's contract; or that there is none any more."""
    read = decode_record(dead_letter.raw)
    if isinstance(read, Unreadable):
        return explain(read)
    return READABLE_NOW.render({"its_id": dead_letter.at.its_id})


def _count_cells(item: tuple[str, int]) -> Cells:
    code, count = item
    return code, Number(count)


def _cells(row: dict[str, Any]) -> Cells:
    event = [each for each in (row["event_source"], row["event_id"]) if each]
    return (
        row["id"],
        (row["died_at"] or "")[:16].replace("T", " "),
        row["reason"],
        row["budget"] or "",
        " ".join(event),
        state_text(row),
    )
