"""View of the page Processing: headline, alarms, and the figures that its template asks for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

from events.lag import Board, History, Stage
from events.texts import Translatable, _, ngettext
from services.api.console.elements import Link, Notice, State, address, capital
from services.api.lag.charts import Charts, charts_of
from services.api.lag.figures import Figures
from services.api.lag.headline_view import First, first_of
from services.api.lag.stages import STAGE_IS, TONES, Moment, remedy_id
from services.lag.document import NO_ANSWER, WELL, Answer, Lag, is_old, wrong_counts
from services.lag.present.headline import BacklogSource, Headline, Verdict, accounts, headline
from services.lag.present.texts import (
    CHECK_KAFKA,
    MEANS,
    OLD,
    RUNBOOKS,
    STAGE_DOES,
    STAGES,
    STATES,
    TITLES,
    UNSEEN,
    name_code,
    remedy,
)
from services.texts.locale_format import LocaleFormat

UNSEEN_TONES: Final = {
    BacklogSource.ONE_PROCESS: ("info", "info"),
    BacklogSource.NOBODY: ("warn", "unknown"),
}
"""Tones where no watch is expected."""

TOKEN_DIGITS: Final = 16

LEFT: Final = ngettext("{count} record is left to read.", "{count} records are left to read.")
CHECK_WATCH: Final = _(
    "Check that `ecluse watch` runs and that the API reaches it. Without the API, `ecluse lag` "
    "asks it too."
)
WITHOUT_WATCH: Final = {
    "one_process": _(
        "Here all is done in one process, without Kafka: what is received is decided, kept and "
        "shown before it is answered."
    ),
    "nobody": _(
        "ECLUSE_WATCH_URL does not tell the API where the watch (`ecluse watch`) answers. Give its "
        "address, as http://watch:6066, and start the API again."
    ),
}
WRONG_COUNTS: Final = (
    (
        "gap",
        _("The count does not add up"),
        ngettext(
            "Of {count} record that the ledger read it is not known what became of it.",
            "Of {count} records that the ledger read it is not known what became of them.",
        ),
        "EcluseOutcomesDoNotAddUp",
    ),
    (
        "repeated",
        _("The journal counts twice"),
        ngettext(
            "{count} place that was read is decided twice in it.",
            "{count} places that were read are decided twice in it.",
        ),
        "EcluseEventTwice",
    ),
    (
        "differing",
        _("The watch counts otherwise than the ledger"),
        ngettext(
            "{count} published balance differs from the one that it draws from the journal.",
            "{count} published balances differ from those that it draws from the journal.",
        ),
        "EcluseBalancesDiffer",
    ),
    (
        "faults",
        _("The journal no longer follows on"),
        ngettext(
            "{count} budget: a record does not follow the one before it, or cannot be read.",
            "{count} budgets: a record does not follow the one before it, or cannot be read.",
        ),
        "EcluseJournalFault",
    ),
)
"""Anchor, title, sentence and runbook of each of the `wrong_counts`, in their order."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that needs a person; `name` is its anchor on the page."""

    name: str
    notice: Notice


@dataclass(frozen=True, slots=True)
class LagView:
    """The page. Where no watch ever answered there is only the headline."""

    verdict: First
    moment: Moment
    watches: Sequence[tuple[str, State]]
    """The watches that were asked, by address."""
    board: Board | None = None
    watched: str = ""
    """The time watched, where that is too short to show that nothing arrives."""
    alarms: Sequence[Alarm] = ()
    charts: Charts | None = None
    figures: Figures | None = None
    onward: Link | None = None
    """The page that says what is known, where this one has nothing to show."""

    def name(self, stage: Stage) -> str:
        """The name of a stage."""
        return self.moment.say(name_code(STAGES, stage.stage))

    def does(self, stage: Stage) -> str:
        """The purpose of a stage; empty of one that this version does not know."""
        does = STAGE_DOES.get(stage.stage)
        return "" if does is None else self.moment.say(does)


def lag_token(lag: Lag) -> str:
    """A digest of all states: while it stays the same, only figures have changed."""
    parts = [lag.asks, "now" if lag.old_since is None else "old"]
    parts += [each.error or "answers" for each in lag.answers]
    if lag.board is not None:
        parts += map(str, wrong_counts(lag.board))
        for stage in lag.board.stages:
            parts.append(f"{stage.stage} {stage.state}")
            parts += [f"{each.topic}/{each.partition} {each.state}" for each in stage.partitions]
    return sha256("\n".join(parts).encode()).hexdigest()[:TOKEN_DIGITS]


def lag_view(lag: Lag, hour: History | None, now: datetime, locale: LocaleFormat) -> LagView:
    """The page of a lag document."""
    board, found = lag.board, headline(lag, None, now)
    moment = Moment(now, lag.old_since, locale, advises=found.knows is BacklogSource.WATCH)
    watches = [(each.address, _answer_state(each, moment)) for each in lag.answers]
    if board is None:
        today = Link("/console/today", moment.say(_("How far the accounts are: Today")))
        onward = today if found.knows is BacklogSource.ONE_PROCESS else None
        return LagView(_headline_without_watch(found, lag, moment), moment, watches, onward=onward)
    return LagView(
        _headline_by_watch(found, board, moment)
        if moment.advises
        else _headline_without_watch(found, lag, moment),
        moment,
        watches,
        board,
        moment.describe_watch(board.stages) if moment.advises else "",
        list(_alarms(lag, board, found.knows, moment)),
        charts_of(hour, [each.stage for each in board.stages], moment),
        Figures(board, moment),
    )


# ------------------------------------------------------------------ the first sentence
def _headline_by_watch(heading: Headline, board: Board, moment: Moment) -> First:
    """The headline by a watch, with the records left to read."""
    known = accounts(board.stages)
    sentences = []
    if heading.stage is not None and known.has_all:
        sentences.append(moment.say(TITLES[Verdict.ALL_RECEIVED]))
    sentences += [
        _describe_backlog(each, moment)
        for each in ([heading.stage] if heading.stage else known.stages)
    ]
    sentences.append("" if heading.stage is None else moment.describe_since(heading.stage))
    return first_of(heading, moment, " ".join(filter(None, sentences)))


def _headline_without_watch(heading: Headline, lag: Lag, moment: Moment) -> First:
    """The headline where no watch has figures of now, with the reason."""
    tone, icon = UNSEEN_TONES.get(heading.knows, ("bad", "unknown"))
    title, lead = moment.say(UNSEEN[heading.knows]), _lead_without_watch(heading.knows, lag, moment)
    return First(tone, icon, title, lead, "", moment.clock(moment.now))


def _lead_without_watch(knows: BacklogSource, lag: Lag, moment: Moment) -> str:
    say = moment.say
    if knows is BacklogSource.OLD and lag.old_since is not None:
        return _old_lead(lag.old_since, moment)
    if knows is BacklogSource.SILENT:
        lead = _("Who is behind, nobody knows here. The accounts do not depend on it.")
        return f"{say(lead)} {say(CHECK_WATCH)}"
    if lag.board is None:
        return say(WITHOUT_WATCH[lag.asks])
    at = lag.board.sampled_at
    if at is None:
        return say(_("It has not seen anything yet. How far the stages are, nobody knows."))
    return say(
        _("It last looked at {clock}, {age}. How far the stages are since, nobody knows."),
        clock=moment.clock(at),
        age=moment.age(at),
    )


def _old_lead(at: datetime, moment: Moment) -> str:
    clock = moment.clock(at)
    if at <= moment.now:
        text = _("The watch stands at {clock}, {age}. What follows is what it said then.")
        return moment.say(text, clock=clock, age=moment.age(at))
    text = _(
        "The clock of the watch says {clock}, and that of the API {here}: how old all this is, "
        "nobody knows. Mend the clocks."
    )
    return moment.say(text, clock=clock, here=moment.locale.clock(moment.now))


def _describe_backlog(stage: Stage, moment: Moment) -> str:
    """The records left to a stage, and the time to drain; empty where there are none."""
    if not stage.behind:
        return ""
    left = moment.locale.quantity(LEFT, stage.behind)
    if stage.drain_s is None:
        return left
    text, span = _("At this pace that takes another {span}."), moment.locale.span(stage.drain_s)
    return f"{left} {moment.say(text, span=span)}"


# ------------------------------------------------------------------ what is wrong
def _alarms(lag: Lag, board: Board, knows: BacklogSource, moment: Moment) -> Iterator[Alarm]:
    if lag.old_since is not None:
        answers = any(each.error is None for each in lag.answers)
        title = moment.say(UNSEEN[BacklogSource.STILL if answers else BacklogSource.SILENT])
        yield Alarm("do-watch-old", _bad(title, "", CHECK_WATCH, OLD, moment))
    elif not moment.advises:
        title = capital(moment.say(_("what to do")))
        do = CHECK_WATCH if knows is BacklogSource.STILL else CHECK_KAFKA
        yield Alarm("do-watch-blind", _bad(title, "", do, OLD, moment))
    else:
        for stage in board.stages:
            if stage.state not in WELL:
                yield Alarm(remedy_id(stage.stage), _stage_notice(stage, moment))
    yield from _wrong_counts(board, moment)
    # Where the cluster is silent nobody can read on: another alarm covers that.
    if board.watch.ready is False and moment.advises:
        title = moment.say(_("The watch is still reading the journal"))
        text = moment.say(_("What it counts of it is unknown until then."))
        yield Alarm("not-ready", Notice("info", "info", title, text))


def _wrong_counts(board: Board, moment: Moment) -> Iterator[Alarm]:
    do = _("Have the journal proved: `ecluse verify`.")
    for count, (name, title, text, runbook) in zip(wrong_counts(board), WRONG_COUNTS, strict=True):
        if count:
            sentence = moment.locale.quantity(text, count)
            yield Alarm(name, _bad(moment.say(title), sentence, do, runbook, moment))


def _bad(title: str, text: str, do: Translatable, runbook: str, moment: Moment) -> Notice:
    more = _runbook(runbook, moment)
    return Notice("bad", "bad", title, text, moment.say(do), more=more)


def _runbook(name: str, moment: Moment) -> Link:
    return Link(address("help", name), moment.say(_("Runbook {name}"), name=name))


def _stage_notice(stage: Stage, moment: Moment) -> Notice:
    state = stage.state
    tone, icon = TONES[state]
    title = moment.say(STAGE_IS, stage=name_code(STAGES, stage.stage), state=STATES[state])
    text = f"{moment.explain_rule(state, stage.rule)} {moment.say(MEANS[state])}"
    rule = moment.say(_("Rule “{rule}”."), rule=stage.rule)
    more = _runbook(RUNBOOKS[state], moment)
    return Notice(tone or "warn", icon, title, text, moment.say(remedy(stage)), rule, more)


# ------------------------------------------------------------------ the watch
def _answer_state(answer: Answer, moment: Moment) -> State:
    if answer.error is not None:
        silent = answer.error == NO_ANSWER
        text = (
            _("does not answer") if silent else _("answers what this version does not understand")
        )
    elif answer.board is not None and is_old(answer.board, moment.now):
        text = _("answers, but stands at {clock}").render({"clock": moment.clock(answer.board.at)})
    else:
        return State(moment.say(_("answers")), "good", "good")
    return State(moment.say(text), "bad", "bad")
