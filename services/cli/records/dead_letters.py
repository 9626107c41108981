"""Dead letters on the command line: options that choose among them, and their rows."""

from datetime import date, datetime
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

import typer

from events.masking import masked, masked_name
from events.texts import Translatable, _
from events.unreadable import Reason
from services.cli.terminal.options import typed_or_none
from services.cli.terminal.output import bad_option
from services.redrive.dead_letters import DeadLetter, Selection
from services.redrive.state import RedriveState, Settled
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
        callback=typed_or_none,
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
    """What the options choose.

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


def state_of(found: DeadLetter, state: RedriveState) -> str:
    """Where a dead letter stands, as a key of `STATES`."""
    settled = state.settled_by(found.at)
    if settled is not None:
        return "reviewed" if settled.event_id is None else "redriven"
    return "underway" if state.is_underway(found.at) else "to_do"


def state_text(row: dict[str, Any]) -> Translatable:
    """The same of a row, for people."""
    return STATES[row["state"]]


def dead_letter_row(found: DeadLetter, state: RedriveState) -> dict[str, Any]:
    """A dead letter as a program reads it."""
    raw, names = found.raw, found.names
    return {
        "id": found.at.its_id,
        "state": state_of(found, state),
        "reason": masked_name(found.reason),
        "topic": raw.source.topic,
        "partition": raw.source.partition,
        "offset": raw.source.offset,
        "recorded_at": _instant(raw.timestamp_ms),
        "died_at": _instant(found.died_ms),
        **names._asdict(),
        "length_bytes": len(raw.value or b"") if raw.whole else raw.length_bytes,
        "redrives": found.redrives,
        "settled": _settled(state.settled_by(found.at)),
    }


def _settled(settled: Settled | None) -> dict[str, Any] | None:
    if settled is None:
        return None
    shown: dict[str, Any] = masked(
        {**settled._asdict(), "reviewed_on": settled.reviewed_on.isoformat()}
    )
    return shown | {"event_id": masked_name(settled.event_id)}


def _instant(ms: int | None) -> str | None:
    """An instant of Kafka; None beyond the calendar, since clients may write any."""
    try:
        return datetime.fromtimestamp((ms or 0) // 1000, PARIS).isoformat()
    except (ValueError, OverflowError, OSError):
        return None
