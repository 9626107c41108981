"""View of the page Lag: headline, alarms, and all that is below."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

from events.lag import Board, Stage
from services.api.console.elements import Notice, capital
from services.api.console.texts import lag_page as texts
from services.api.lag.charts import Charts, charts_of
from services.api.lag.figures import Figures, figures_of
from services.api.lag.headline_view import First, first_of
from services.api.lag.stages import (
    TONES,
    Moment,
    StageView,
    do_id,
    stage_name,
    stage_views,
    watched_text,
)
from services.lag.client.age import WELL, is_old, wrong_counts
from services.lag.client.hour import Hour
from services.lag.client.merge import NO_ANSWER, Answer, Lag
from services.lag.present import headline_texts
from services.lag.present import texts as states
from services.lag.present.accounts import accounts
from services.lag.present.headline import Headline, Knows, Verdict, headline
from services.texts.locale_format import LocaleFormat

OLD: Final = "EcluseWatchOld"
"""The runbook of a watch whose answer is old."""

UNSEEN_TONES: Final = {
    Knows.ONE_PROCESS: ("info", "info"),
    Knows.NOBODY: ("warn", "unknown"),
}
"""Tones where no watch is expected."""

TOKEN_DIGITS: Final = 16


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that needs a person; `name` is its anchor on the page."""

    name: str
    notice: Notice


@dataclass(frozen=True, slots=True)
class WatchRow:
    """One watch that was asked."""

    address: str
    text: str
    tone: str
    icon: str


@dataclass(frozen=True, slots=True)
class LagView:
    """The page. Where no watch ever answered there is only the headline."""

    verdict: First
    watched: str
    """The time watched, where that is too short to show that nothing arrives."""
    alarms: Sequence[Alarm]
    stages: Sequence[StageView]
    charts: Charts | None
    figures: Figures | None
    watches: Sequence[WatchRow]


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


def lag_view(lag: Lag, hour: Hour | None, now: datetime, locale: LocaleFormat) -> LagView:
    """The page of a lag document."""
    board, found = lag.board, headline(lag, None, now)
    moment = Moment(now, lag.old_since, locale, advises=found.knows is Knows.WATCH)
    watches = [_watch(each, moment) for each in lag.answers]
    if board is None:
        return LagView(_unseen(found, lag, moment), "", (), (), None, None, watches)
    return LagView(
        _seen(found, board, moment) if moment.advises else _unseen(found, lag, moment),
        watched_text(board.stages, moment) if moment.advises else "",
        list(_alarms(lag, board, found.knows, moment)),
        stage_views(board.stages, moment),
        charts_of(hour, [each.stage for each in board.stages], moment),
        figures_of(board, moment),
        watches,
    )


# ------------------------------------------------------------------ the first sentence
def _seen(found: Headline, board: Board, moment: Moment) -> First:
    """The headline by a watch, with the records left to read."""
    known = accounts(board.stages)
    sentences = []
    if found.stage is not None and known.has_all:
        sentences.append(moment.locale.say(headline_texts.TITLES[Verdict.ALL_RECEIVED]))
    sentences += [_left(each, moment) for each in ([found.stage] if found.stage else known.stages)]
    return first_of(found, moment, " ".join(filter(None, sentences)))


def _unseen(found: Headline, lag: Lag, moment: Moment) -> First:
    """The headline where no watch has figures of now, with the reason."""
    tone, icon = UNSEEN_TONES.get(found.knows, ("bad", "unknown"))
    title = moment.locale.say(headline_texts.UNSEEN[found.knows])
    return First(tone, icon, title, _unseen_lead(found.knows, lag, moment), "")


def _unseen_lead(knows: Knows, lag: Lag, moment: Moment) -> str:
    if knows is Knows.OLD and lag.old_since is not None:
        return _old_lead(lag.old_since, moment)
    if knows is Knows.SILENT:
        return f"{moment.say('silent_lead')} {moment.say('silent_do')}"
    if lag.board is not None:
        return _sampled(lag.board, moment)
    return moment.say("nobody_lead" if knows is Knows.NOBODY else "one_process_lead")


def _old_lead(at: datetime, moment: Moment) -> str:
    if at > moment.now:
        here = moment.locale.clock(moment.now)
        return moment.say("ahead_lead", clock=moment.clock(at), here=here)
    return moment.say("old_lead", clock=moment.clock(at), age=moment.age(at))


def _sampled(board: Board, moment: Moment) -> str:
    at = board.sampled_at
    if at is None:
        return moment.say("never_sampled")
    return moment.say("sampled", clock=moment.clock(at), age=moment.age(at))


def _left(stage: Stage, moment: Moment) -> str:
    """The records left to a stage, and the time to drain; empty where there are none."""
    if not stage.behind:
        return ""
    left = moment.locale.counted(texts.LEFT, stage.behind)
    if stage.drain_s is None:
        return left
    return f"{left} {moment.say('done_in', span=moment.locale.span(stage.drain_s))}"


# ------------------------------------------------------------------ what is wrong
def _alarms(lag: Lag, board: Board, knows: Knows, moment: Moment) -> Iterator[Alarm]:
    if lag.old_since is not None:
        answers = any(each.error is None for each in lag.answers)
        title = _why(Knows.STILL if answers else Knows.SILENT, moment)
        do = moment.say("silent_do")
        yield Alarm("do-watch-old", Notice("bad", "bad", title, "", do, _more(OLD, moment)))
    elif not moment.advises:
        title = capital(moment.say("what_to_do"))
        do = moment.say("silent_do" if knows is Knows.STILL else "cluster_do")
        yield Alarm("do-watch-blind", Notice("bad", "bad", title, "", do, _more(OLD, moment)))
    else:
        for stage in board.stages:
            if stage.state not in WELL:
                yield Alarm(do_id(stage.stage), _stage_notice(stage, moment))
    yield from _wrong_counts(board, moment)
    # Where the cluster is silent nobody can read on: another alarm covers that.
    if board.watch.ready is False and moment.advises:
        title, text = moment.say("not_ready"), moment.say("not_ready_said")
        yield Alarm("not-ready", Notice("info", "info", title, text))


def _stage_notice(stage: Stage, moment: Moment) -> Notice:
    locale, state = moment.locale, stage.state
    tone, icon = TONES[state]
    text = locale.say(states.STATES[state])
    title = moment.say("stage_is", stage=stage_name(stage.stage, locale), state=text)
    seen, means = moment.seen(state, stage.rule), locale.say(states.MEANS[state])
    rule = moment.say("rule", rule=stage.rule, runbook=states.RUNBOOKS[state])
    do = locale.say(states.DO[state])
    return Notice(tone or "warn", icon, title, f"{seen} {means}", do, rule)


def _wrong_counts(board: Board, moment: Moment) -> Iterator[Alarm]:
    """The counts that must be 0, or agree, and do not."""
    outcomes, watch, number = board.outcomes, board.watch, moment.locale.number

    def alarm(name: str, text: str, runbook: str, count: int) -> Alarm:
        sentence = moment.say(text, count=number(count))
        do, rule = moment.say("verify_do"), _more(runbook, moment)
        return Alarm(name, Notice("bad", "bad", moment.say(name), sentence, do, rule))

    if outcomes is not None and outcomes.gap:
        yield alarm("gap", "gap_said", "EcluseOutcomesDoNotAddUp", outcomes.gap)
    if outcomes is not None and outcomes.repeated:
        yield alarm("repeated", "repeated_said", "EcluseEventTwice", outcomes.repeated)
    if watch.balances_differing:
        yield alarm("differing", "differing_said", "EcluseBalancesDiffer", watch.balances_differing)
    if watch.journal_faults:
        yield alarm("faults", "faults_said", "EcluseJournalFault", watch.journal_faults)


def _why(knows: Knows, moment: Moment) -> str:
    return moment.locale.say(headline_texts.UNSEEN[knows])


def _more(runbook: str, moment: Moment) -> str:
    return moment.say("more", runbook=runbook)


# ------------------------------------------------------------------ the watch
def _watch(answer: Answer, moment: Moment) -> WatchRow:
    if answer.error is not None:
        text = moment.say("no_answer" if answer.error == NO_ANSWER else "unreadable")
        return WatchRow(answer.address, text, "bad", "bad")
    board = answer.board
    if board is not None and is_old(board, moment.now):
        text = moment.say("old_answer", clock=moment.clock(board.at))
        return WatchRow(answer.address, text, "bad", "bad")
    return WatchRow(answer.address, moment.say("answers"), "good", "good")
