"""Who is behind: the first sentence, what is wrong, and all that the page shows below. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

from services.api.console.views.lag_charts import Charts, charts_of
from services.api.console.views.lag_figures import Figures, figures_of
from services.api.console.views.lag_stages import (
    TONES,
    Moment,
    StageView,
    do_id,
    stage_name,
    stage_views,
    the_stage,
)
from services.api.console.views.parts import Notice, capital
from services.api.console.voice import Voice
from services.api.console.words import lag as states
from services.api.console.words import lag_page as words
from services.api.lag_board import WELL, Board, Stage, State, is_old, wrong_counts
from services.api.lag_history import Hour
from services.api.lag_merged import NO_ANSWER, Answer, Lag
from services.api.lag_stages import accounts, worst

CLUSTER_SILENT, NOT_LOOKED = "cluster_silent", "not_looked"
"""The rules of a watch that sees no consumer: Kafka does not answer it, or it stands still."""

OLD: Final = "EcluseWatchOld"
"""The runbook of a watch that says nothing of now."""

TOKEN_DIGITS: Final = 16


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is said first."""

    tone: str
    icon: str
    title: str
    lead: str


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that asks for a person; `name` is its place on the page."""

    name: str
    notice: Notice


@dataclass(frozen=True, slots=True)
class WatchRow:
    """One watch that was asked."""

    address: str
    said: str
    tone: str
    icon: str


@dataclass(frozen=True, slots=True)
class LagView:
    """The page. Where no watch ever answered there is nothing below the first sentence."""

    verdict: Verdict
    seen: str
    alarms: Sequence[Alarm]
    stages: Sequence[StageView]
    charts: Charts | None
    figures: Figures | None
    watches: Sequence[WatchRow]


def lag_token(lag: Lag) -> str:
    """One short word for how all are: while it stays, only figures have changed."""
    words = [lag.asks, "now" if lag.old_since is None else "old"]
    words += [each.error or "answers" for each in lag.answers]
    if lag.board is not None:
        words += map(str, wrong_counts(lag.board))
        for stage in lag.board.stages:
            words.append(f"{stage.stage} {stage.state}")
            words += [f"{each.topic}/{each.partition} {each.state}" for each in stage.partitions]
    return sha256("\n".join(words).encode()).hexdigest()[:TOKEN_DIGITS]


def lag_view(lag: Lag, hour: Hour | None, now: datetime, voice: Voice) -> LagView:
    """What is known of who is behind, said to people."""
    board = lag.board
    knows = lag.old_since is None and board is not None and not _is_blind(board)
    moment = Moment(now, lag.old_since, voice, advises=knows)
    watches = [_watch(each, moment) for each in lag.answers]
    seen = moment.say("seen", clock=voice.clock(now))
    if board is None:
        return LagView(_no_board(lag, moment), seen, (), (), None, None, watches)
    alarms = list(_alarms(lag, board, moment))
    return LagView(
        _verdict(board, alarms, moment),
        seen,
        alarms,
        stage_views(board.stages, moment),
        charts_of(hour, [each.stage for each in board.stages], moment),
        figures_of(board, moment),
        watches,
    )


def _no_board(lag: Lag, moment: Moment) -> Verdict:
    if lag.asks == "one_process":
        return Verdict("info", "info", moment.say("one_process"), moment.say("one_process_lead"))
    if lag.asks == "nobody":
        return Verdict("warn", "unknown", moment.say("nobody"), moment.say("nobody_lead"))
    lead = f"{moment.say('silent_lead')} {moment.say('silent_do')}"
    return Verdict("bad", "unknown", moment.say("silent"), lead)


# ------------------------------------------------------------------ the first sentence
def _verdict(board: Board, alarms: Sequence[Alarm], moment: Moment) -> Verdict:
    if moment.old_since is not None:
        return Verdict("bad", "unknown", moment.say("old"), _old_lead(moment.old_since, moment))
    if _is_blind(board):
        title = moment.say("still" if _hangs(board) else "cluster_silent")
        return Verdict("bad", "unknown", title, _sampled(board, moment))
    state = worst(each.state for each in board.stages)
    if state not in WELL:
        stage = next(each for each in board.stages if each.state is state)
        title = moment.voice.say(
            states.HEADLINES[state], stage=the_stage(stage.stage, moment.voice)
        )
        tone, icon = TONES[state]
        lead = f"{_up_to(board, moment)} {_left(stage, moment)}".strip()
        return Verdict(tone or "warn", icon, capital(title), lead)
    return _well(board, alarms, moment)


def _old_lead(at: datetime, moment: Moment) -> str:
    if at > moment.now:
        here = moment.voice.clock(moment.now)
        return moment.say("ahead_lead", clock=moment.clock(at), here=here)
    return moment.say("old_lead", clock=moment.clock(at), age=moment.age(at))


def _is_blind(board: Board) -> bool:
    """Whether the watch sees none of the consumers."""
    return all(each.rule in {CLUSTER_SILENT, NOT_LOOKED} for each in board.stages)


def _hangs(board: Board) -> bool:
    return any(each.rule == NOT_LOOKED for each in board.stages)


def _sampled(board: Board, moment: Moment) -> str:
    at = board.sampled_at
    if at is None:
        return moment.say("never_sampled")
    return moment.say("sampled", clock=moment.clock(at), age=moment.age(at))


def _well(board: Board, alarms: Sequence[Alarm], moment: Moment) -> Verdict:
    known, told = accounts(board.stages), _up_to(board, moment)
    at = known.up_to_date_to
    if any(each.notice.tone == "bad" for each in alarms):
        return Verdict("bad", "bad", told, moment.say("do_not_rely"))
    if at is None and all(each.state is State.NO_TRAFFIC for each in board.stages):
        return Verdict("good", "good", moment.say("nothing_yet"), "")
    if at is None:
        return Verdict("warn", "unknown", told, "")
    if known.has_all:
        return Verdict("good", "good", told, moment.say("all_done"))
    left = [_left(each, moment) for each in known.stages]
    lead = " ".join([moment.say("on_the_way"), *filter(None, left)])
    return Verdict("good", "good", told, lead)


def _left(stage: Stage, moment: Moment) -> str:
    """How much a stage has to read still, and how long that will take; nothing where it is 0."""
    if not stage.behind:
        return ""
    told = moment.voice.counted(words.LEFT, stage.behind)
    if stage.drain_s is None:
        return told
    return f"{told} {moment.say('done_in', span=moment.voice.span(stage.drain_s))}"


def _up_to(board: Board, moment: Moment) -> str:
    """How far accounting is, in a sentence."""
    known = accounts(board.stages)
    at = known.up_to_date_to
    if at is None:
        return moment.say("up_to_unknown")
    voice, age = moment.voice, moment.age(at)
    if voice.local_day(at) != voice.local_day(moment.now):
        name = "up_to_date" if known.has_all else "goes_up_to"
        return moment.say(name, instant=voice.instant(at), age=age)
    name = "up_to_date_today" if known.has_all else "goes_up_to_today"
    return moment.say(name, clock=voice.clock(at), age=age)


# ------------------------------------------------------------------ what is wrong
def _alarms(lag: Lag, board: Board, moment: Moment) -> Iterator[Alarm]:
    if lag.old_since is not None:
        answers = any(each.error is None for each in lag.answers)
        title, do = moment.say("still" if answers else "silent"), moment.say("silent_do")
        yield Alarm("do-watch-old", Notice("bad", "bad", title, "", do, _more(OLD, moment)))
    elif not moment.advises:
        title = capital(moment.say("what_to_do"))
        do = moment.say("silent_do" if _hangs(board) else "cluster_do")
        yield Alarm("do-watch-blind", Notice("bad", "bad", title, "", do, _more(OLD, moment)))
    else:
        for stage in board.stages:
            if stage.state not in WELL:
                yield Alarm(do_id(stage.stage), _stage_notice(stage, moment))
    yield from _wrong_counts(board, moment)
    # Where the cluster is silent nobody can read on: that is said already.
    if board.watch.ready is False and moment.advises:
        title, said = moment.say("not_ready"), moment.say("not_ready_said")
        yield Alarm("not-ready", Notice("info", "info", title, said))


def _stage_notice(stage: Stage, moment: Moment) -> Notice:
    voice, state = moment.voice, stage.state
    tone, icon = TONES[state]
    said = voice.say(states.STATES[state])
    title = moment.say("stage_is", stage=stage_name(stage.stage, voice), state=said)
    seen, means = moment.seen(state, stage.rule), voice.say(states.MEANS[state])
    rule = moment.say("rule", rule=stage.rule, runbook=states.RUNBOOKS[state])
    do = voice.say(states.DO[state])
    return Notice(tone or "warn", icon, title, f"{seen} {means}", do, rule)


def _wrong_counts(board: Board, moment: Moment) -> Iterator[Alarm]:
    """Counts that must be 0, or agree: each that does not."""
    fates, watch, number = board.fates, board.watch, moment.voice.number

    def alarm(name: str, said: str, runbook: str, count: int) -> Alarm:
        told = moment.say(said, count=number(count))
        do, rule = moment.say("verify_do"), _more(runbook, moment)
        return Alarm(name, Notice("bad", "bad", moment.say(name), told, do, rule))

    if fates is not None and fates.gap:
        yield alarm("gap", "gap_said", "EcluseOutcomesDoNotAddUp", fates.gap)
    if fates is not None and fates.repeated:
        yield alarm("repeated", "repeated_said", "EcluseEventTwice", fates.repeated)
    if watch.balances_differing:
        yield alarm("differing", "differing_said", "EcluseBalancesDiffer", watch.balances_differing)
    if watch.journal_faults:
        yield alarm("faults", "faults_said", "EcluseJournalFault", watch.journal_faults)


def _more(runbook: str, moment: Moment) -> str:
    return moment.say("more", runbook=runbook)


# ------------------------------------------------------------------ the watch
def _watch(answer: Answer, moment: Moment) -> WatchRow:
    if answer.error is not None:
        said = moment.say("no_answer" if answer.error == NO_ANSWER else "unreadable")
        return WatchRow(answer.address, said, "bad", "bad")
    board = answer.board
    if board is not None and is_old(board, moment.now):
        said = moment.say("old_answer", clock=moment.clock(board.at))
        return WatchRow(answer.address, said, "bad", "bad")
    return WatchRow(answer.address, moment.say("answers"), "good", "good")
