"""Today: how far the accounts are, whether the count adds up, and what waits for whom. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from events.texts import Translatable, _, ngettext, pgettext
from services.api.console.elements import Notice, State
from services.api.lag.headline_view import (
    DOES_NOT_ADD_UP,
    OUTCOMES,
    First,
    Sum,
    first_of,
    sum_result,
    term_of,
)
from services.api.lag.stages import Moment
from services.api.today.read_model_status import PartitionStatus, ReadModelStatus
from services.lag.document import Lag
from services.lag.present.headline import Headline, Verdict, count_arrived, headline
from services.texts.locale_format import UNKNOWN, LocaleFormat

TO_READ: Final = ngettext("{count} record is to be read.", "{count} records are to be read.")
HAVE_IT_PROVED: Final = _(
    "Do not rely on these accounts: have the journal proved (`ecluse verify`), then the read model "
    "rebuilt."
)


@dataclass(frozen=True, slots=True)
class StatusView:
    """Status of the accounts."""

    verdict: First
    notices: Sequence[Notice]
    sum: Sum
    partitions: Sequence[tuple[PartitionStatus, State]]


def status_view(
    status: ReadModelStatus, lag: Lag, now: datetime, locale: LocaleFormat, *, sees_all: bool = True
) -> StatusView:
    """Status of the accounts as a page shows it, with a note to who does not see all entities."""
    reading = status.reading(sees_all=sees_all)
    found, (received, in_flight) = headline(lag, reading, now), count_arrived(lag, reading)
    left = _describe_backlog(found, status, in_flight, locale, sees_all=sees_all)
    moment = Moment(now, None, locale)
    if sees_all and found.stage is not None:
        left = f"{left} {moment.describe_since(found.stage)}".strip()
    return StatusView(
        first_of(found, moment, left),
        list(_notices(status, locale)),
        _sum(status, received, in_flight, locale, sees_all=sees_all),
        [(each, _state(each, locale)) for each in status.partitions],
    )


def _describe_backlog(
    first: Headline,
    status: ReadModelStatus,
    in_flight: int | None,
    locale: LocaleFormat,
    *,
    sees_all: bool,
) -> str:
    """Say what is not in the accounts yet; to who sees some entities only, of whom the rest is."""
    if not sees_all:
        return locale.say(
            _("The date is that of the latest event of your entities, and the counts are theirs.")
        )
    if first.verdict is Verdict.STAGE:
        count = first.stage and first.stage.behind
    else:
        count = status.unread if in_flight is None else in_flight
    return locale.quantity(TO_READ, count) if count and count > 0 else ""


def _notices(status: ReadModelStatus, locale: LocaleFormat) -> Iterator[Notice]:
    """Notices of what is wrong, each with the rule that says so."""
    for each in status.partitions:
        if each.held is not None:
            yield _explain_hold(each, locale)
        if each.unread is not None and each.unread < 0:
            yield _explain_other_journal(each, -each.unread, locale)
    outcomes = status.outcomes
    if not outcomes.adds_up:
        ended = sum(getattr(outcomes, name) or 0 for name in OUTCOMES)
        text = locale.say(
            _("Read {read}, became something {ended}: the difference is {gap}."),
            read=locale.number(outcomes.read),
            ended=locale.number(ended),
            gap=locale.number(abs(outcomes.read - ended)),
        )
        yield _explain_wrong_count(text, locale)
    elif not status.adds_up and status.unread is None:
        # It is the count of all entities that does not: by how much is not everybody's to know.
        yield _explain_wrong_count("", locale)


def _explain_hold(each: PartitionStatus, locale: LocaleFormat) -> Notice:
    held = each.held
    if held is None or held.offset is None:
        text = locale.say(_("The other partitions go on."))
    else:
        text = locale.say(
            _("At offset {offset}: {error}. The other partitions go on."),
            offset=locale.number(held.offset),
            error=held.error or UNKNOWN,
        )
    return _wrong(
        _("Reading partition {partition} is held").render(
            {"partition": locale.number(each.partition)}
        ),
        text,
        _("Tell the operator: as long as it is held, its budgets stand still here."),
        _("Rule: what fails twice at the same record is held, never skipped (decision 7)."),
        locale,
    )


def _explain_wrong_count(text: str, locale: LocaleFormat) -> Notice:
    return _wrong(
        _("The count does not add up"),
        text,
        HAVE_IT_PROVED,
        _("Rule 5: every record received counts once, under what became of it."),
        locale,
    )


def _explain_other_journal(each: PartitionStatus, gap: int, locale: LocaleFormat) -> Notice:
    text = locale.say(
        _(
            "Partition {partition}: read up to {read}, the journal ends {gap} before. It is "
            "another journal, or has lost its end."
        ),
        partition=locale.number(each.partition),
        read=locale.number(each.next_offset),
        gap=locale.number(gap),
    )
    return _wrong(
        _("The journal ends before what was read of it"),
        text,
        HAVE_IT_PROVED,
        _("Rule: the journal is never rewritten; all that stands here comes from it."),
        locale,
    )


def _wrong(
    title: Translatable, text: str, do: Translatable, rule: Translatable, locale: LocaleFormat
) -> Notice:
    return Notice("bad", "bad", locale.say(title), text, locale.say(do), locale.say(rule))


def _sum(
    status: ReadModelStatus,
    received: int | None,
    in_flight: int | None,
    locale: LocaleFormat,
    *,
    sees_all: bool,
) -> Sum:
    terms = [term_of(name, getattr(status.outcomes, name), locale) for name in OUTCOMES]
    if received is None and status.decided is not None:
        # Of what was received nobody knows; of what was decided it is known.
        whole = term_of("decided", status.decided, locale)
        terms.append(term_of("unread", status.unread, locale))
    else:
        whole = term_of("received", received, locale)
        terms.append(term_of("in_flight", in_flight, locale))
    adds_up = None if status.adds_up and whole.text is None else status.adds_up
    return Sum(whole, terms, sum_result(adds_up, locale, sees_all=sees_all))


def _state(each: PartitionStatus, locale: LocaleFormat) -> State:
    if each.held is not None:
        return State(locale.say(pgettext("partition", "held")), "bad", "bad")
    if each.unread is None:
        return State(locale.say(_("rest unknown")), "", "unknown")
    if each.unread > 0:
        left = locale.number(each.unread)
        return State(locale.say(_("{count} to read"), count=left), "info", "now")
    if each.adds_up:
        return State(locale.say(_("read")), "good", "good")
    return State(locale.say(DOES_NOT_ADD_UP), "bad", "bad")
