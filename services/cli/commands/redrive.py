"""`ecluse redrive`: dead letters tried, then sent to the ledger's input again."""

import getpass
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple

import typer
from rich.text import Text

from events.codec import ReceivedEvent
from events.envelope import COMMAND
from events.masking import mask
from events.texts import Number, _, ngettext
from events.unreadable import Unreadable, explain
from events.values import PRINTED
from services.api.adapters.clock_and_chance import wall_clock
from services.cli.commands.dead_letters import Code, Sender, Since, Until, selection_of
from services.cli.records.journal_source import histories, records_of
from services.cli.terminal.options import AsJson, OfBudget, decode_argument, flag
from services.cli.terminal.output import (
    EXIT_NOT_THERE,
    bad_option,
    check_text,
    exit_with,
    print_json,
    show_progress,
    show_spinner,
)
from services.cli.terminal.screen import Cells, Screen, clean
from services.cli.terminal.texts import OUTCOME, READING
from services.cli.workers import run_worker
from services.ledger.application.handle import DEAD_CHAIN, decode_record
from services.ledger.application.trial import trial_of
from services.redrive.dead_letters import Selection
from services.redrive.prospects import (
    OldestProspects,
    Prospect,
    Result,
    call_decided,
    prospect,
    try_prospects,
)
from services.redrive.sending import (
    BY_MAX,
    Author,
    as_sent,
    former_of,
    resent_records,
    write_patched,
)
from services.redrive.state import dead_letter_topic
from services.redrive.writing import send
from services.runtime.ops.settings import Settings
from services.texts.translation import both

EXIT_UNREADABLE: Final = 1

NO_REASON: Final = "-"
"""Stands for the reason of what is only tried."""

READING_DEAD_LETTERS = _("reading dead letters")
SENDING = _("sending again")
NOTHING = _("No dead letter is left to send again.")
NOT_THERE = _("No dead letter is called {its_id}; `ecluse dead-letters list` names them.")
WOULD_SEND = ngettext(
    "{count} of {selected} would be sent again. Nothing was sent: --yes sends it.",
    "{count} of {selected} would be sent again. Nothing was sent: --yes sends them.",
)
SENT_AGAIN = ngettext(
    "{count} dead letter sent again; who, when and why stands in the journal.",
    "{count} dead letters sent again; who, when and why stands in the journal.",
)
MORE_LEFT = ngettext(
    "{count} more was left for another run: --at-most.",
    "{count} more were left for another run: --at-most.",
)
REASON_NEEDED = _("say why: the journal keeps it")
NOBODY = _("this system has no name of you: say --by")
ONE_ID = _("it corrects one dead letter: name its ID, and no other")
IDS_NEEDED = _("it needs IDs: name those that were never sent")
READABLE = _("It can be read as it is: send it again without --patch.")
NO_PATCH = _("this file is no JSON object: {error}")

BECOMES: Final = {
    Result.READABLE: _("can be read now"),
    Result.ACCEPTED: OUTCOME["accepted"],
    Result.DUPLICATE: OUTCOME["duplicate"],
    Result.REFUSED: OUTCOME["refused"],
    Result.PARKED: OUTCOME["parked"],
    Result.STOPS: _("stops its partition: not sent"),
    Result.DEAD_LETTER: _("dead letter again: not sent"),
    Result.NOT_WHOLE: _("not whole: not sent"),
    Result.TOO_OFTEN: _("sent too often: not sent"),
    Result.UNDERWAY: _("sent again, not decided yet"),
    Result.REDRIVEN: _("sent again"),
    Result.DECIDED: _("decided meanwhile: not sent"),
}
"""What a dead letter would become."""


Ids = Annotated[
    list[str] | None,
    typer.Argument(metavar="[ID]...", help="As `dead-letters list` shows them; else a filter."),
]
Patch = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        exists=True,
        dir_okay=False,
        help="Send a corrected event instead: a JSON merge patch (RFC 7396) of this one.",
    ),
]
Rate = Annotated[
    int, typer.Option(metavar="N", min=1, max=10_000, help="Dead letters a second, at most.")
]
AtMost = Annotated[
    int, typer.Option(metavar="N", min=1, max=100_000, help="Dead letters of this run.")
]
Attempts = Annotated[
    int, typer.Option(metavar="N", min=1, max=100, help="Not those sent again so often already.")
]
Again = Annotated[
    bool, flag("--again", "Those named, though a review says that they were sent again.")
]
Why = Annotated[
    str | None, typer.Option(metavar="WORDS", help="Why, in a few words: it stays in the journal.")
]
By = Annotated[str | None, typer.Option(metavar="NAME", help="Who: else the user of this system.")]


class RedriveBatch(NamedTuple):
    """The dead letters that are meant."""

    prospects: list[Prospect]
    more: int
    """How many are left for another run."""


def redrive(
    ids: Ids = None,
    code: Code = None,
    budget: OfBudget = None,
    source: Sender = None,
    since: Since = None,
    until: Until = None,
    patch: Patch = None,
    rate: Rate = 100,
    at_most: AtMost = 10_000,
    attempts: Attempts = 3,
    again: Again = False,
    reason: Why = None,
    by: By = None,
    yes: Annotated[bool, flag("--yes", "Send them; else nothing is sent.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say what dead letters would become now, and send them to the ledger again with --yes.

    Started again after it was stopped it goes on: what is sent is known from the cluster.
    Kafka is at ECLUSE_BOOTSTRAP_SERVERS, else localhost:9092;
    its topics' names begin with ECLUSE_TOPIC_PREFIX.
    """
    names = [_full_id(decode_argument(each)) for each in ids or ()]
    if again and not names:
        raise bad_option("--again", IDS_NEEDED)
    selection = selection_of(names, code, budget, source, since, until)
    author = _author(reason, by, is_needed=yes)
    merge = None if patch is None else _patch(patch, names)
    with show_spinner(READING_DEAD_LETTERS):
        asked = _choose(selection, at_most, attempts, repeats=again, corrects=merge is not None)
        chosen = run_worker(asked)
    _check_found(names, chosen.prospects)
    if merge is not None:
        chosen = _with_patch(chosen, merge, author)
    chosen = chosen._replace(prospects=_try(chosen.prospects))
    wanted = [each for each in chosen.prospects if yes and each.is_sent]
    sent = None
    if yes:
        with show_progress(SENDING) as update:
            sent = run_worker(_send(wanted, author, rate, update, again)) if wanted else 0
    if as_json:
        print_json(_answer(chosen, sent))
    else:
        _show(Screen(), chosen, sent)


async def _send(
    prospects: Sequence[Prospect], author: Author, rate: int, update: Any, repeats: bool
) -> int:
    done = 0

    def more(count: int) -> None:
        nonlocal done
        done += count
        update(done, len(prospects))

    records = [
        resent_records(each.dead_letter.at, each.raw, each.received, author)
        for each in prospects
        if each.received is not None
    ]
    return await send(Settings(), records, rate, more, again=repeats)


async def _choose(
    selection: Selection, at_most: int, attempts: int, *, repeats: bool, corrects: bool
) -> RedriveBatch:
    """The dead letters that are meant, those left to deal with or those named.

    First those that would be sent, in the order in which they came. Of one that is to be corrected
    its sender may have sent the event anew, whose names must be looked for.
    """
    sent, others = OldestProspects(at_most), list[Prospect]()
    async with dead_letter_topic(Settings()) as topic:
        state = await topic.state()
        async for each in topic.dead_letters(state):
            is_open = state.find_review(each.at) is None
            if not (is_open or selection.ids) or not selection.takes(each):
                continue
            found = prospect(each, state, attempts, again=repeats)
            (sent.add if found.is_sent else others.append)(found)
            former = former_of(each.raw) if corrects else None
            applied = None if former is None else await topic.find_applied(*former)
            if applied is not None:
                return RedriveBatch([call_decided(each, applied)], 0)
    return RedriveBatch([*sent.list_oldest(), *others], sent.left_out)


def _try(prospects: list[Prospect]) -> list[Prospect]:
    """The same with what the ledger would decide, by the journal as it is now."""
    read = [each.received for each in prospects if each.received is not None]
    if not read:
        return prospects
    budgets = {each.envelope.data.budget for each in read}
    with histories(None, None) as journal, show_spinner(READING):
        trial = trial_of((each.record for each in records_of(journal, budgets)), budgets)
    return try_prospects(prospects, trial)


def _with_patch(chosen: RedriveBatch, merge: Any, author: Author) -> RedriveBatch:
    """The corrected event in the place of the dead letter; leave where it still cannot be read."""
    (before,) = chosen.prospects
    if before.becomes in {Result.REDRIVEN, Result.UNDERWAY, Result.DECIDED}:
        return chosen
    found = before.dead_letter
    if isinstance(decode_record(found.raw), ReceivedEvent):
        exit_with(READABLE, EXIT_UNREADABLE)
    event = write_patched(found.at, found.raw, merge, author)
    correction = as_sent(found.raw, event)
    read = decode_record(correction)
    if isinstance(read, Unreadable):
        exit_with(explain(read), EXIT_UNREADABLE)
    sent = Prospect(found, Result.READABLE, None, read, correction)
    return chosen._replace(prospects=[sent])


def _check_found(names: Sequence[str], prospects: Sequence[Prospect]) -> None:
    """Exit unless each dead letter that was named is there."""
    found = {each.dead_letter.at.its_id for each in prospects}
    for name in names:
        if name not in found:
            exit_with(NOT_THERE.render({"its_id": name}), EXIT_NOT_THERE)


def _full_id(name: str) -> str:
    """The id of a dead letter: `3/17` is `_dead.3/17`."""
    return name if name.startswith(DEAD_CHAIN) else f"{DEAD_CHAIN}{name}"


def _author(reason: str | None, by: str | None, *, is_needed: bool) -> Author:
    """The sender and the reason; both must be fit for the journal."""
    if reason is None and is_needed:
        raise bad_option("--reason", REASON_NEEDED)
    if by is None:
        try:
            by = getpass.getuser()
        except (KeyError, OSError) as error:  # A container's user may have a number alone.
            raise bad_option("--by", NOBODY) from error
    why = check_text("--reason", reason or NO_REASON)
    return Author(COMMAND, check_text("--by", by, BY_MAX, PRINTED), wall_clock(), why)


def _patch(file: Path, names: Sequence[str]) -> Any:
    """The merge patch of a file, for one dead letter."""
    if len(names) != 1:
        raise bad_option("--patch", ONE_ID)
    try:
        patch = json.loads(file.read_bytes())
    except (ValueError, RecursionError) as error:
        raise bad_option("--patch", NO_PATCH.render({"error": error})) from error
    if not isinstance(patch, dict):
        raise bad_option("--patch", NO_PATCH.render({"error": type(patch).__name__}))
    return patch


def _answer(chosen: RedriveBatch, sent: int | None) -> dict[str, Any]:
    """The answer as a program reads it."""
    return {
        "selected": len(chosen.prospects),
        "more": chosen.more,
        "becomes": {
            code: {each.value: count for each, count in by_outcome.items()}
            for code, by_outcome in _histogram(chosen.prospects).items()
        },
        "dead_letters": [_row(each) for each in chosen.prospects],
        "sent": sent,
    }


def _row(each: Prospect) -> dict[str, Any]:
    found = each.dead_letter
    return {
        "id": found.at.its_id,
        "reason": mask(found.reason),
        **found.names._asdict(),
        "redrives": found.redrives,
        "correction": _correction(each),
        "becomes": each.becomes.value,
        "why": None if each.why is None else mask(asdict(both(each.why))),
    }


def _correction(each: Prospect) -> dict[str, str] | None:
    """The names of the event that is sent in the place of a dead letter."""
    if each.correction is None or each.received is None:
        return None
    envelope = each.received.envelope
    return {"source": envelope.source, "id": envelope.id}


def _histogram(prospects: Sequence[Prospect]) -> dict[str, Counter[Result]]:
    """By reason what so many become, the most frequent reason first."""
    reasons = Counter(each.dead_letter.code for each in prospects)
    found: dict[str, Counter[Result]] = {code: Counter() for code, _ in reasons.most_common()}
    for each in prospects:
        found[each.dead_letter.code][each.becomes] += 1
    return found


def _show(screen: Screen, chosen: RedriveBatch, sent: int | None) -> None:
    prospects = chosen.prospects
    if not prospects:
        screen.say(NOTHING)
        return
    correction = prospects[0].correction
    if correction is not None:
        event = mask(json.loads(correction.value or b"null"))
        shown = json.dumps(event, ensure_ascii=False, indent=2)
        screen.console.print(Text(clean(shown)), soft_wrap=True)
    by_reason = [
        (code, becomes, count)
        for code, found in _histogram(prospects).items()
        for becomes, count in found.most_common()
    ]
    screen.show_list("by_reason", ("code", "outcome", "count"), by_reason, _reason_cells)
    screen.show_list("redrive", ("id", "budget", "event", "outcome", "detail"), prospects, _cells)
    if chosen.more:
        screen.say(MORE_LEFT.render(chosen.more))
    if sent is None:
        count = sum(each.is_sent for each in prospects)
        screen.say(WOULD_SEND.render(count, selected=Number(len(prospects))))
    else:
        screen.say(SENT_AGAIN.render(sent))


def _reason_cells(row: tuple[str, Result, int]) -> Cells:
    code, becomes, count = row
    return code, BECOMES[becomes], Number(count)


def _cells(each: Prospect) -> Cells:
    found, names = each.dead_letter, each.dead_letter.names
    return (
        found.at.its_id,
        names.budget or "",
        names.event_id or "",
        BECOMES[each.becomes],
        "" if each.why is None else each.why,
    )
